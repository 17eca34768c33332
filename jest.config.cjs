const { readdirSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const { workspaces } = require('./package.json');

const folders = workspaces.flatMap((pattern) =>
  pattern.endsWith('/*')
    ? readdirSync(join(__dirname, pattern.slice(0, -2))).map((name) => join(pattern.slice(0, -2), name))
    : [pattern],
);

module.exports = {
  // Jest takes this from the root config only; a package's own run takes it from the preset.
  testTimeout: 120_000,
  projects: folders.map((folder) => join(__dirname, folder, 'jest.config.cjs')).filter(existsSync),
};
