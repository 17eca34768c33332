module.exports = require('../../jest.preset.cjs')({ name: 'plugin-build' });
