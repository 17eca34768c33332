import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundledPiece, bundlePiece, lintPiece, loadPiece, RULES, translatableStrings } from '../src';
import { looksSecret } from '../src/lint/rules/quality';
import { pieceSource, scratch } from './fixtures/bundled';
import { BAD, GOOD } from './fixtures/lint-pieces';

jest.setTimeout(180_000);

let good: BundledPiece;
const broken = new Set<string>();

beforeAll(async () => {
  const source = pieceSource('@acme/piece-good', '1.0.0', GOOD);
  const strings = translatableStrings(
    loadPiece((await bundlePiece({ pieceDir: source, outDir: scratch('strings') })).directory).piece,
  );
  mkdirSync(join(source, 'src', 'i18n'));
  for (const name of ['translation', 'zh']) {
    writeFileSync(
      join(source, 'src', 'i18n', `${name}.json`),
      JSON.stringify(Object.fromEntries(strings.map((text) => [text, `${text}!`]))),
    );
  }
  good = await bundlePiece({ pieceDir: source, outDir: scratch('good') });
});

/** Changes a copy of the good package and returns the ids of the rules that it breaks. */
async function lintChanged(change: (directory: string) => void): Promise<string[]> {
  const directory = join(scratch('changed'), 'piece');
  cpSync(good.directory, directory, { recursive: true });
  change(directory);
  const { findings } = await lintPiece(directory);
  for (const { rule } of findings) broken.add(rule);
  return [...new Set(findings.map(({ rule }) => rule))];
}

function changeManifest(directory: string, change: Record<string, unknown>): void {
  const file = join(directory, 'package.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
}

describe('lint', () => {
  it('finds nothing in a good piece, as a tarball or as a folder', async () => {
    expect(await lintPiece(good.tarball)).toMatchObject({
      name: '@acme/piece-good',
      version: '1.0.0',
      findings: [],
    });
    expect((await lintPiece(good.directory)).findings).toEqual([]);
  });

  const changes: Array<[string, (directory: string) => void]> = [
    [
      'entry-path',
      (directory) => renameSync(join(directory, 'src', 'index.js'), join(directory, 'index.js')),
    ],
    [
      'piece-export',
      (directory) =>
        writeFileSync(join(directory, 'src', 'index.js'), 'class Other {}\nexports.good = new Other();'),
    ],
    ['plain-version', (directory) => changeManifest(directory, { version: '1.0.0-beta.1' })],
    ['commonjs', (directory) => changeManifest(directory, { type: 'module' })],
    [
      'commonjs',
      (directory) =>
        writeFileSync(join(directory, 'src', 'index.js'), "import 'node:fs';\nexport const a = 1;"),
    ],
    [
      'no-install-scripts',
      (directory) => changeManifest(directory, { scripts: { postinstall: 'node build.js' } }),
    ],
    [
      'no-install-scripts',
      (directory) => {
        mkdirSync(join(directory, 'node_modules', 'native-thing'), { recursive: true });
        writeFileSync(
          join(directory, 'node_modules', 'native-thing', 'package.json'),
          '{"name":"native-thing","scripts":{"install":"node-gyp rebuild"}}',
        );
        changeManifest(directory, { dependencies: { 'native-thing': '1.0.0' } });
      },
    ],
    ['single-file', (directory) => writeFileSync(join(directory, 'src', 'helper.js'), '')],
    [
      'single-file',
      (directory) =>
        appendFileSync(join(directory, 'src', 'index.js'), "\nexports.late = () => require('kafkajs');"),
    ],
    ['no-dependencies', (directory) => changeManifest(directory, { dependencies: { kafkajs: '2.2.4' } })],
    ['no-dependencies', (directory) => changeManifest(directory, { dependencies: undefined })],
    // Random, so that it cannot be compressed.
    [
      'tarball-size',
      (directory) => writeFileSync(join(directory, 'noise.bin'), randomBytes(6 * 1024 * 1024)),
    ],
    [
      'heap-size',
      (directory) =>
        appendFileSync(
          join(directory, 'src', 'index.js'),
          '\nmodule.exports.ballast = Array.from({ length: 400000 }, (_, i) => ({ text: `item ${i}`, i }));',
        ),
    ],
    [
      'i18n',
      (directory) => writeFileSync(join(directory, 'src', 'i18n', 'zh.json'), '{"Send message":"发送消息"}'),
    ],
    [
      'i18n',
      (directory) =>
        renameSync(
          join(directory, 'src', 'i18n', 'translation.json'),
          join(directory, 'src', 'i18n', 'de.json'),
        ),
    ],
  ];

  it.each(changes)('reports %s', async (rule, change) => {
    expect(await lintChanged(change)).toContain(rule);
  });

  it('names every shortcoming of a bad piece', async () => {
    const report = await lintPiece(pieceSource('@acme/piece-bad', '1.0.0', BAD));
    for (const { rule } of report.findings) broken.add(rule);
    const lines = report.findings.map(({ rule, message }) => `${rule}: ${message}`);
    expect(lines).toEqual(
      expect.arrayContaining([
        'supported-release: minimumSupportedRelease is 0.99.0; the server is 0.83.0.',
        'snake-case: action sendMessage is not snake_case.',
        'texts: The piece has no description.',
        'texts: action sendMessage has no description.',
        'texts: action sendMessage, prop topic has no description.',
        'sample-data: trigger new_message has no sampleData.',
        'output-schema: action sendMessage has no outputSchema with fields.',
        'ai-metadata: action sendMessage does not say aiMetadata.idempotent.',
        'audience: action sendMessage has no audience.',
        'secret-text: connection field apiKey looks like a secret and is SHORT_TEXT.',
        'logo-data-uri: logoUrl is https://cdn.example/logo.png.',
        'dropdowns: action sendMessage, prop topic throws without a connection: no auth undefined',
        'dropdowns: action sendMessage, prop silent is empty without a connection and has no placeholder.',
      ]),
    );
  });

  it('has seen every rule broken', () => {
    expect([...broken].sort()).toEqual(RULES.map(({ id }) => id).sort());
  });

  it('skips rules on demand and says when there is nothing to check', async () => {
    const report = await lintPiece(pieceSource('@acme/piece-bad', '1.0.0', BAD), {
      skip: RULES.map(({ id }) => id),
    });
    expect(report.findings).toEqual([]);
    await expect(lintPiece('/nowhere')).rejects.toMatchObject({ code: 'BIZ_LINT_TARGET' });
    await expect(lintPiece(scratch('empty'))).rejects.toMatchObject({ code: 'BIZ_LINT_TARGET' });
  });
});

describe('names that look like secrets', () => {
  it.each([
    'password',
    'apiKey',
    'api_key',
    'accessToken',
    'clientSecret',
    'private_key',
    'sslKey',
    'token',
    'saslPassword',
    'keyPassphrase',
    'privateCertificate',
  ])('%s does', (name) => {
    expect(looksSecret(name)).toBe(true);
  });
  it.each([
    'url',
    'tokenUrl',
    'publicKey',
    'keyId',
    'username',
    'brokers',
    'monkey',
    'tokenType',
    'database',
  ])('%s does not', (name) => {
    expect(looksSecret(name)).toBe(false);
  });
});
