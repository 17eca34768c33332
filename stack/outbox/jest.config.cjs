module.exports = require('../../jest.preset.cjs')({ name: 'outbox', services: ['postgres', 'kafka'] });
