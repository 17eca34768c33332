module.exports = require('../../jest.preset.cjs')({ name: 'example-lead-capture', services: ['stack'] });
