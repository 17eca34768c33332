module.exports = require('../../../jest.preset.cjs')({ name: 'qdrant-server' });
