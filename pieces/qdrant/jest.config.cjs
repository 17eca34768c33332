module.exports = require('../../jest.preset.cjs')({
  name: 'piece-qdrant',
  services: ['qdrant', 'embeddings'],
});
