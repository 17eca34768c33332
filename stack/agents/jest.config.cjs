module.exports = require('../../jest.preset.cjs')({ name: 'agents' });
