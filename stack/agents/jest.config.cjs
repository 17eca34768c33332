module.exports = {
  ...require('../../jest.preset.cjs')({
    name: 'agents',
    services: ['postgres', 'qdrant', 'embeddings', 'autogen'],
  }),
  // Modules that are loaded when they are needed: dynamic imports name the compiled file, as Node.js asks.
  moduleNameMapper: { '^(\\.{1,2}/(?:[\\w-]+/)*[\\w-]+-lazy)\\.js$': '$1' },
};
