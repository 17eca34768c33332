// Indexes one source and says so after each batch, so that a test can kill it in the middle.
const { createKnowledgeBase } = require('../../dist/retrieval');

const { options, source } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
createKnowledgeBase(options)
  .index(source, { onProgress: ({ done, total }) => process.stdout.write(`${done}/${total}\n`) })
  .then(() => process.exit(0));
