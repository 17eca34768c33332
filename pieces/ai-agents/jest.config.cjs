module.exports = {
  ...require('../../jest.preset.cjs')({
    name: 'piece-ai-agents',
    services: ['postgres', 'embeddings', 'qdrant', 'kafka', 'autogen'],
  }),
  // The library from its sources: Jest cannot follow the dynamic imports of compiled files.
  moduleNameMapper: {
    '^@bizstack/agents$': '<rootDir>/../../stack/agents/src',
    '^@bizstack/agents/([a-z]+)$': '<rootDir>/../../stack/agents/src/$1',
    '^(\\.{1,2}/(?:[\\w-]+/)*[\\w-]+-lazy)\\.js$': '$1',
  },
};
