// Runs the bench/index.ts of each package against real servers. See bench.mjs in the folder above.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { ROOT } from './bootstrap.mjs';
import { readManifest, workspaceFolders } from './workspaces.mjs';

const require = createRequire(import.meta.url);

const pairsSchema = z.array(
  z.object({
    name: z.string().min(1),
    /** A rate such as `messages/s`, where more is better, or a time such as `ms`, where less is. */
    unit: z.string().min(1),
    ours: z.number().positive(),
    reference: z.number().positive(),
  }),
);

const wanted = process.argv.slice(2);
const packages = workspaceFolders()
  .filter((folder) => existsSync(join(ROOT, folder, 'bench/index.ts')))
  .map((folder) => ({ folder: join(ROOT, folder), name: readManifest(folder).name }))
  .filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (packages.length === 0) {
  console.error(`No package with a benchmark is called ${wanted.join(' or ')}.`);
  process.exit(1);
}

const services = packages.flatMap(
  ({ folder }) => require(join(folder, 'jest.config.cjs')).testEnvironmentOptions?.services ?? [],
);
process.env.BIZSTACK_TEST_SERVICES = [...new Set(services)].join(',');
const setup = require('@bizstack/native/testing/global-setup').default;
const teardown = require('@bizstack/native/testing/global-teardown').default;
await setup({}, {});
const results = [];
try {
  for (const { folder, name } of packages) {
    console.error(`\n${name}`);
    for (const pair of await benchOf(folder)) {
      const rate = pair.unit.endsWith('/s');
      // Above 1 is better than the reference, for rates and times alike.
      const ratio = rate ? pair.ours / pair.reference : pair.reference / pair.ours;
      results.push({ package: name, ...pair, ratio: Math.round(ratio * 1000) / 1000 });
      console.error(`  ${pair.name}: ${ratio.toFixed(2)}`);
    }
  }
} finally {
  await teardown();
}

mkdirSync(join(ROOT, 'artifacts'), { recursive: true });
writeFileSync(join(ROOT, 'artifacts/bench.json'), `${JSON.stringify(results, null, 2)}\n`);
console.log(table(results));
console.log(
  `\nratio above 1: better than the reference, measured in turns in the same run. ${cpus().length} cores, load ${loadavg()[0].toFixed(1)} at the end.`,
);

/** Each package measures in a process of its own, so that no heap or open connection of another disturbs it. */
async function benchOf(folder) {
  const cache = join(folder, 'node_modules/.cache/bizstack-bench');
  mkdirSync(cache, { recursive: true });
  const bundle = join(cache, 'index.cjs');
  const answer = join(cache, 'pairs.json');
  await build({
    entryPoints: [join(folder, 'bench/index.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    packages: 'external',
    target: 'node22',
    logLevel: 'warning',
  });
  const code = `require(${JSON.stringify(bundle)}).bench().then((pairs) => {
    require('node:fs').writeFileSync(${JSON.stringify(answer)}, JSON.stringify(pairs));
    process.exit(0);
  }, (error) => { console.error(error); process.exit(1); });`;
  // Not waited for synchronously: this process reads what the servers print, and a full pipe would stop them.
  const child = spawn(process.execPath, ['--expose-gc', '-e', code], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`The benchmark in ${folder} failed (exit ${status}).`);
  return pairsSchema.parse(JSON.parse(readFileSync(answer, 'utf8')));
}

function table(rows) {
  const cells = [
    ['package', 'what', 'ours', 'reference', 'unit', 'ratio'],
    ...rows.map((row) => [
      row.package.replace('@bizstack/', ''),
      row.name,
      figure(row.ours),
      figure(row.reference),
      row.unit,
      row.ratio.toFixed(2),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function figure(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
