module.exports = require('../../jest.preset.cjs')({ name: 'cli' });
