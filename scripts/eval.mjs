// npm run eval: accuracy of what @bizstack/agents decides, on files that you name. stdout carries the result alone.
//   npm run eval -- lead-scoring --train <csv> --test <csv> --target Converted --json
//   npm run eval -- documents --dir <folder> --json
//   npm run eval -- retrieval --corpus <jsonl> --queries <jsonl> --qrels <tsv> --json
import { join } from 'node:path';
import { NODE, ROOT, bootstrap, run } from './lib/bootstrap.mjs';
import { withEvalServices } from './lib/eval-services.mjs';

await bootstrap({ browser: false, log: 2 });
const args = process.argv.slice(2);
process.exitCode = await withEvalServices(args[0], (env) =>
  run(NODE, [join(ROOT, 'stack/agents/dist/eval/main.js'), ...args], env),
);
