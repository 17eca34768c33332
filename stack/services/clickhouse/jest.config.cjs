// Kafka is for test/conformance/kafka-engine.test.ts alone; the other tests start their own server.
module.exports = require('../../../jest.preset.cjs')({ name: 'clickhouse-server', services: ['kafka'] });
