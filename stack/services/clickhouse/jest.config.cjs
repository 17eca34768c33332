module.exports = require('../../../jest.preset.cjs')({ name: 'clickhouse-server' });
