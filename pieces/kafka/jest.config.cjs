module.exports = {
  ...require('../../jest.preset.cjs')({ name: 'piece-kafka', services: ['kafka'] }),
  // Dynamic imports name the compiled file, as Node.js asks.
  moduleNameMapper: { '^(\\./(?:avro|json-schema|protobuf))\\.js$': '$1' },
};
