import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBizError } from '@bizstack/contracts';
import { z } from 'zod';
import { evalLeadScoring } from '../../src/eval/lead-scoring';
import { history } from './history';

/** The first run on a machine installs scikit-learn. */
const INSTALL_MS = 600_000;

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bizstack-eval-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function csv(
  name: string,
  count: number,
  seed: number,
  header = 'Lead Number,Tags,Won',
): Promise<string> {
  const file = join(dir, name);
  const lines = history(count, seed).map(({ row, won }, at) =>
    [
      9000 - at,
      won ? 'bought, "at once"' : 'ringing',
      won ? 'Yes' : 'No',
      row['visits'],
      row['seconds'],
      row['channel'],
      row['size'],
    ]
      .map((cell) =>
        String(cell ?? '').includes(',') ? `"${String(cell).replaceAll('"', '""')}"` : (cell ?? ''),
      )
      .join(','),
  );
  await writeFile(file, [`${header},visits,seconds,channel,size`, ...lines].join('\r\n'));
  return file;
}

test(
  'prints one line with the three areas, beside real scikit-learn models',
  async () => {
    const train = await csv('train.csv', 900, 1);
    const test = await csv('test.csv', 700, 2);
    const out: string[] = [];
    const write = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((chunk) => out.push(String(chunk)) > 0);
    const log = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await evalLeadScoring(['--train', train, '--test', test, '--target', 'Won', '--json']);
    } finally {
      write.mockRestore();
      log.mockRestore();
    }
    expect(out.join('')).toMatch(/^[^\n]+\n$/);
    const area = z.number().min(0.6).max(0.9);
    const shape = z.strictObject({ auc: area, auc_logistic: area, auc_boosting: area, n: z.literal(700) });
    const result = shape.parse(JSON.parse(out.join('')));
    expect(result.auc).toBeGreaterThan(Math.max(result.auc_logistic, result.auc_boosting) - 0.02);
  },
  INSTALL_MS,
);

test.each<[string, (file: string) => string[], string, string]>([
  ['no options', () => [], 'BIZ_EVAL_USAGE', '--train, --test and --target are needed'],
  ['an unknown option', () => ['--tran', 'x'], 'BIZ_EVAL_USAGE', '--tran'],
  [
    'a file that is not there',
    (file) => ['--train', `${file}.no`, '--test', file, '--target', 'Won'],
    'BIZ_EVAL_FILE_INVALID',
    'ENOENT',
  ],
  [
    'an unknown target',
    (file) => ['--train', file, '--test', file, '--target', 'Bought'],
    'BIZ_EVAL_FILE_INVALID',
    'no column "Bought"',
  ],
  [
    'a target that is no outcome',
    (file) => ['--train', file, '--test', file, '--target', 'visits'],
    'BIZ_EVAL_FILE_INVALID',
    'row ',
  ],
])('%s: a coded error that says where', async (_, args, code, part) => {
  const thrown = await evalLeadScoring(args(await csv('some.csv', 200, 3))).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code });
  expect(isBizError(thrown)).toBe(true);
  expect(String(thrown)).toContain(part);
});
