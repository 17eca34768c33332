import { z } from 'zod';
import { defineTool, type Tool } from '../../tools/define-tool';
import type { AgentDefinition, CheckContext } from '../definition';
import { PROMPTS } from '../prompts';
import { brandVoiceProblems, brandVoiceSchema, type BrandVoice } from './brand-voice';
import type { ContentPorts } from './ports';
import { scoreSeo, type SeoScore } from './seo';
import { suggestTopics } from './topics';
import { compareVariants, type VariantPair } from './variants';

const variantSchema = z.strictObject({
  title: z.string().min(1).max(300),
  metaDescription: z.string().min(1).max(500),
  body: z.string().min(1).max(100_000).describe('Markdown'),
});
const draftSchema = z.strictObject({ ...variantSchema.shape });
const publishedSchema = z.object({ id: z.string(), title: z.string(), url: z.string(), text: z.string() });

/** Questions that topics are made of, the most asked ones. */
const QUESTIONS_MAX = 20;

export interface ContentSettings {
  voice?: z.input<typeof brandVoiceSchema>;
  keywords?: readonly string[];
  /** 1–5 */
  variants?: number;
}

export interface ContentAgentOptions {
  ports: ContentPorts;
  settings?: ContentSettings;
}

export interface ContentVariant {
  title: string;
  metaDescription: string;
  body: string;
  seo: SeoScore;
  /** What is against the brand's voice still; empty when nothing is. */
  voiceProblems: string[];
}

export interface ContentResult {
  variants: ContentVariant[];
  /** How far each pair differs. */
  pairs: VariantPair[];
}

export type ContentOutput = { variants: z.output<typeof variantSchema>[] };

/** Writes variants that differ, in the brand's voice, each with its SEO score. */
export function contentAgent({
  ports,
  settings = {},
}: ContentAgentOptions): AgentDefinition<ContentOutput, ContentResult> {
  const { keywords = [], variants: wanted = 1 } = settings;
  const voice = settings.voice === undefined ? undefined : brandVoiceSchema.parse(settings.voice);
  return {
    name: 'content',
    prompt: promptFor(voice, keywords, wanted),
    tools: contentTools(ports),
    output: z.strictObject({ variants: z.array(variantSchema).min(1).max(5) }),
    check: async (output, context) => {
      const pairs = compareVariants(output.variants);
      const variants = output.variants.map((variant) => judged(variant, { keywords, voice, context }));
      const problems = [
        ...(output.variants.length === wanted
          ? []
          : [`${wanted} variants are wanted, not ${output.variants.length}.`]),
        ...pairs
          .filter((pair) => !pair.differs)
          .map(({ pair: [left, right], body, title, opening }) =>
            [
              `Variants ${left + 1} and ${right + 1} are too alike`,
              `(body ${percent(body)}, title ${percent(title)}, opening ${percent(opening)} the same): choose another angle.`,
            ].join(' '),
          ),
        ...variants.flatMap(({ voiceProblems, seo }, index) => [
          ...voiceProblems.map((problem) => `Variant ${index + 1}: ${problem}`),
          ...(seo.duplicateOf ? [`Variant ${index + 1} repeats "${seo.duplicateOf.title}".`] : []),
        ]),
      ];
      // The second time it is taken as it is, with what is wrong beside it: a person decides.
      if (problems.length > 0 && !context.secondTry) return { ok: false, problem: problems.join('\n') };
      return { ok: true, result: { variants, pairs } };
    },
  };
}

function judged(
  variant: z.output<typeof variantSchema>,
  {
    keywords,
    voice,
    context,
  }: { keywords: readonly string[]; voice: BrandVoice | undefined; context: CheckContext },
): ContentVariant {
  const published = context.notes('published').map((note) => publishedSchema.parse(note));
  const seo = scoreSeo({ ...variant, keywords, published });
  const all = `${variant.title}. ${variant.metaDescription}\n\n${variant.body}`;
  const voiceProblems = voice ? brandVoiceProblems(all, voice, seo.readability.wordsPerSentence) : [];
  return { ...variant, seo, voiceProblems };
}

function promptFor(voice: BrandVoice | undefined, keywords: readonly string[], variants: number): string {
  const settings = { variants, keywords, ...(voice === undefined ? {} : { voice }) };
  return `${PROMPTS.content}\n\n## Settings\n\n\`\`\`json\n${JSON.stringify(settings, null, 2)}\n\`\`\``;
}

function contentTools(ports: ContentPorts): Tool[] {
  const related = defineTool({
    name: 'find_related_content',
    description: 'Published items that resemble a topic, with their addresses.',
    label: 'read',
    input: z.strictObject({ query: z.string().trim().min(1).max(500) }),
    run: async ({ query }, context) => {
      const items = await ports.published(query, { ...context, limit: 8 });
      for (const item of items) context.note('published', publishedSchema.parse(item));
      return items.map(({ title, url, text }) => ({ title, url, start: text.slice(0, 400) }));
    },
  });
  const topics = defineTool({
    name: 'topic_candidates',
    description: 'What to write about, by what is asked and what did well.',
    label: 'read',
    input: z.strictObject({ days: z.int().min(1).max(365).default(90) }),
    run: async ({ days }, context) => {
      const [performance, questions] = await Promise.all([
        ports.performance?.({ ...context, days }) ?? [],
        ports.questions?.({ ...context, days }) ?? [],
      ]);
      const asked = [...questions].sort((left, right) => right.count - left.count).slice(0, QUESTIONS_MAX);
      const items = await Promise.all(
        asked.map(({ text }) => ports.published(text, { ...context, limit: 3 })),
      );
      return suggestTopics({
        performance,
        questions: asked,
        publishedTitles: items.flat().map((item) => item.title),
      });
    },
  });
  if (!ports.saveDraft) return [related, topics];
  const draft = defineTool({
    name: 'save_draft',
    description: 'Saves a text as a draft for an editor.',
    label: 'write',
    permission: 'content:write',
    idempotent: true,
    input: draftSchema,
    summary: ({ title }) => `Save the draft "${title}"`,
    run: async (input, context) => ports.saveDraft?.(input, context),
  });
  return [related, topics, draft];
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
