/**
 * One Jest project per package. `services` names the servers its tests need; they are started once for
 * the whole run by @bizstack/native and shared by every project (see stack/native/README.md).
 *
 * @param {{ name: string, services?: string[] }} options
 */
module.exports = ({ name, services = [] }) => ({
  displayName: name,
  testEnvironment: 'node',
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/**/*.test.ts', '<rootDir>/src/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '^.+\\.tsx?$': [
      require.resolve('@swc/jest'),
      {
        jsc: { parser: { syntax: 'typescript', tsx: true, decorators: true }, target: 'es2022' },
        module: { type: 'commonjs' },
      },
    ],
  },
  ...(services.length > 0
    ? {
        globalSetup: require.resolve('@bizstack/native/testing/global-setup'),
        globalTeardown: require.resolve('@bizstack/native/testing/global-teardown'),
        testEnvironmentOptions: { services },
      }
    : {}),
});
