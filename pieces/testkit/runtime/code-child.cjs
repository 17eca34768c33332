'use strict';
/**
 * Runs CODE steps, one at a time, in a process of its own. Messages: `{ id, code, inputs }` in,
 * `{ id, ok, output }` or `{ id, ok: false, message }` out; both are JSON.
 */
const { createRequire, isBuiltin } = require('node:module');
const requireBuiltin = createRequire(__filename);

function requireForCode(name) {
  if (!isBuiltin(name)) throw new Error(`A CODE step can only require modules of Node.js, not "${name}".`);
  return requireBuiltin(name);
}

async function run({ code, inputs }) {
  const module = { exports: {} };
  new Function('module', 'exports', 'require', code)(module, module.exports, requireForCode);
  if (typeof module.exports.code !== 'function')
    throw new Error('The source exports no function named "code".');
  return module.exports.code(inputs);
}

process.on('message', async (job) => {
  try {
    const output = await run(job);
    process.send({ id: job.id, ok: true, output: JSON.stringify(output) ?? 'null' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.send({ id: job.id, ok: false, message });
  }
});
// The runner is gone: so is the reason to live.
process.on('disconnect', () => process.exit(0));
