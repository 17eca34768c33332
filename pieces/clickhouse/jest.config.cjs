module.exports = require('../../jest.preset.cjs')({ name: 'piece-clickhouse', services: ['clickhouse'] });
