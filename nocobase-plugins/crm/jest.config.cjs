module.exports = require('../../jest.preset.cjs')({ name: 'plugin-crm', services: ['nocobase', 'kafka'] });
