module.exports = require('../../jest.preset.cjs')({
  name: 'lead-capture',
  services: ['flows', 'clickhouse'],
});
