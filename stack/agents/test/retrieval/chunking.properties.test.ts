import fc from 'fast-check';
import { chunkDocument, loadDocument } from '../../src/retrieval';
import { countTokens, LONGEST_WORD } from '../../src/retrieval/chunking/atoms';

const OPTIONS = { maxTokens: 40, overlapTokens: 8 };
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

const word = fc.oneof(
  fc.stringMatching(/^[a-zäöé]{1,14}[.,;!?]?$/),
  fc.constantFrom(
    '价格',
    '退款政策。',
    '我们在三十天内退款',
    'naïve',
    '👩‍💻',
    '𠮷野家',
    'e\u0301te\u0301',
    '“quoted”',
    '3.14',
    '（注）',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);
const line = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => words.join(' '));
const block = fc.oneof(
  line,
  line.map((text) => `## ${text.slice(0, 40)}`),
  fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => lines.map((each) => `- ${each}`).join('\n')),
  line.map((text) => `\`\`\`\n${text}\n\`\`\``),
  line.map((text) => `| a | b |\n| --- | --- |\n| ${text.replace(/\|/g, '')} | x |`),
);
const markdown = fc
  .array(block, { minLength: 1, maxLength: 12 })
  .map((blocks) => blocks.join('\n\n'))
  .filter((text) => text.trim() !== '');

describe.each(['text', 'markdown'] as const)('chunks of %s', (format) => {
  test('quote the text exactly, cover it, and never cut a word or a character', async () => {
    await fc.assert(
      fc.asyncProperty(markdown, async (content) => {
        const document = await loadDocument(content, { format });
        const { text } = document;
        let covered = 0;
        for (const chunk of chunkDocument(document, OPTIONS)) {
          expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
          expect(chunk.text).not.toBe('');
          if (chunk.start > covered) expect(text.slice(covered, chunk.start).trim()).toBe('');
          expect(chunk.end).toBeGreaterThan(covered);
          covered = chunk.end;
          expect(cutsWord(text, chunk.start)).toBe(false);
          expect(cutsWord(text, chunk.end)).toBe(false);
        }
        expect(text.slice(covered).trim()).toBe('');
      }),
      { numRuns: 60 },
    );
  });
});

test('chunks keep to the token budget when words do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-z]{1,9}[.,]?$/), { minLength: 1, maxLength: 400 }),
      async (words) => {
        const document = await loadDocument(words.join(' '), { format: 'text' });
        for (const { text } of chunkDocument(document, OPTIONS)) {
          expect(countTokens(text)).toBeLessThanOrEqual(OPTIONS.maxTokens);
        }
      },
    ),
  );
});

test('a paragraph that is cut repeats its last sentence in the next chunk', async () => {
  const sentences = Array.from({ length: 30 }, (_, index) => `Rule ${index} says no.`).join(' ');
  const document = await loadDocument(sentences, { format: 'text' });
  const chunks = [...chunkDocument(document, OPTIONS)];
  expect(chunks.length).toBeGreaterThan(2);
  for (const [index, chunk] of chunks.slice(1).entries()) {
    expect(chunk.start).toBeLessThan(chunks[index]?.end ?? 0);
    expect(chunk.text).toMatch(/^Rule \d+ says no\./);
  }
});

test('a run without spaces is cut only beyond the longest word, and not inside a character', async () => {
  const text = '😀'.repeat(LONGEST_WORD);
  const document = await loadDocument(text, { format: 'text' });
  const chunks = [...chunkDocument(document, OPTIONS)];
  expect(chunks.length).toBeGreaterThan(1);
  for (const { start } of chunks) expect(start % 2).toBe(0);
});

/** Whether a position lies inside a word of a script with spaces, or inside a character. */
function cutsWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (at > 0 && code >= 0xdc00 && code <= 0xdfff) return true;
  // A mark belongs to the character before it.
  const before = [...text.slice(0, at).replace(/\p{M}+$/u, '')].at(-1) ?? '';
  const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
  const letter = /[\p{L}\p{N}]/u;
  if (/\p{M}/u.test(after) && letter.test(before)) return true;
  return letter.test(before) && letter.test(after) && !UNSPACED.test(before) && !UNSPACED.test(after);
}
