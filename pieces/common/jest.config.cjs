module.exports = require('../../jest.preset.cjs')({ name: 'piece-common' });
