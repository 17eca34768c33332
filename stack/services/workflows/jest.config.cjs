module.exports = require('../../../jest.preset.cjs')({
  name: 'workflows',
  services: ['postgres', 'kafka', 'temporal'],
});
