module.exports = require('../../jest.preset.cjs')({ name: 'piece-temporal', services: ['temporal'] });
