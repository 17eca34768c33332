module.exports = require('../../../jest.preset.cjs')({ name: 'embeddings-server', services: ['embeddings'] });
