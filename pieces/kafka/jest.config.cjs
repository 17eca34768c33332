module.exports = require('../../jest.preset.cjs')({ name: 'piece-kafka', services: ['kafka'] });
