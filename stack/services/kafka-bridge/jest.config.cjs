module.exports = require('../../../jest.preset.cjs')({
  name: 'kafka-bridge',
  services: ['kafka', 'postgres'],
});
