// Loads the installed piece as an engine does, runs actions that need no key, and prints what came out.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [folder] = process.argv.slice(2);
const { pdf, jpg, transactions, lead } = JSON.parse(readFileSync(0, 'utf8'));
const fromFolder = createRequire(join(folder, 'package.json'));
const before = process.memoryUsage().heapUsed;
const exported = fromFolder('@bizstack/piece-ai-agents/src/index.js');
const piece = Object.values(exported).find((one) => one?.constructor?.name === 'Piece');
const heapMb = (process.memoryUsage().heapUsed - before) / 1024 / 1024;

const run = (name, propsValue) => piece.getAction(name).run({ auth: undefined, propsValue });
const fileOf = (base64, extension) => ({
  data: Buffer.from(base64, 'base64'),
  filename: `document.${extension}`,
  extension,
});

(async () => {
  const fromPdf = await run('extract_document', { file: fileOf(pdf, 'pdf'), labels: ['booking_id'] });
  const fromJpg = await run('extract_document', { file: fileOf(jpg, 'jpg') });
  const scored = await run('score_lead', lead);
  const anomalies = await run('detect_anomalies', { transactions });
  process.stdout.write(JSON.stringify({ heapMb, fromPdf, fromJpg, scored, anomalies }), () =>
    process.exit(0),
  );
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
