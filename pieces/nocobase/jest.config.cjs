module.exports = require('../../jest.preset.cjs')({ name: 'piece-nocobase', services: ['nocobase'] });
