module.exports = require('../../jest.preset.cjs')({ name: 'piece-postgres', services: ['postgres'] });
