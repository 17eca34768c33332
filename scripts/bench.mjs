// npm run bench: measures our pieces beside the raw clients, in pairs of one run, and writes artifacts/bench.json.
// Arguments choose packages by name: npm run bench -- piece-kafka
import { join } from 'node:path';
import { NODE, ROOT, bootstrap, run } from './lib/bootstrap.mjs';

await bootstrap({ browser: false });
process.exitCode = await run(NODE, [join(ROOT, 'scripts/lib/bench.mjs'), ...process.argv.slice(2)]);
