import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASES, deadLetterTopic, TOPICS } from '@bizstack/contracts';
import fc from 'fast-check';
import { DRIVERS, PROFILES, servicesOf } from '../src/services';
import { splitStatements } from '../src/services/clickhouse';
import { readTopics } from '../src/services/kafka-topics';
import { DATABASE_ROLES } from '../src/services/postgres-init';
import { PORT_BLOCK } from '../src/state/ports';
import { Backoff, DEFAULT_RESTART_POLICY } from '../src/supervisor/backoff';
import { LogFile, tailOf } from '../src/supervisor/log-file';
import { startOrder } from '../src/supervisor/order';
import { servicesOfRun } from '../src/testing/services-of-run';
import { cleanBeds, nodeService, STAYS, temporaryDir } from './fixtures/driver';

const SERVICES = join(__dirname, '..', '..', 'services');

afterEach(cleanBeds);

test('port offsets are unique and fit into the block', () => {
  const offsets = DRIVERS.flatMap((driver) => Object.values(driver.ports));
  expect(new Set(offsets).size).toBe(offsets.length);
  expect(Math.max(...offsets)).toBeLessThan(PORT_BLOCK);
});

test('every profile can be ordered, each service after what it needs', () => {
  for (const profile of Object.keys(PROFILES)) {
    const order = startOrder(DRIVERS, servicesOf([profile])).map((driver) => driver.name);
    for (const driver of DRIVERS.filter(({ name }) => order.includes(name))) {
      for (const needed of driver.dependsOn)
        expect(order.indexOf(needed)).toBeLessThan(order.indexOf(driver.name));
    }
  }
  expect(servicesOf(['kafka', 'redis'])).toEqual(['kafka', 'redis']);
  expect(() => servicesOf(['kafak'])).toThrow(/There is no profile or service "kafak"\. Profiles: core/);
});

test('a circle of services is refused with its names', () => {
  const drivers = [
    nodeService('a', STAYS, { dependsOn: ['b'] }),
    nodeService('b', STAYS, { dependsOn: ['a'] }),
  ];
  expect(() => startOrder(drivers, ['a'])).toThrow(/a → b → a/);
});

test('topics and databases are those of the contracts', () => {
  const topics = readTopics(join(SERVICES, 'kafka', 'topics.json')).map(({ topic }) => topic);
  expect(topics.sort()).toEqual(
    Object.values(TOPICS)
      .flatMap((topic) => [topic, deadLetterTopic(topic)])
      .sort(),
  );
  expect(Object.keys(DATABASE_ROLES).sort()).toEqual([...DATABASES].sort());
  const sql = readFileSync(join(SERVICES, 'postgres', 'init', '20-databases.sql'), 'utf8');
  for (const database of DATABASES) expect(sql).toContain(`CREATE DATABASE ${database}`);
});

test('the statements of the ClickHouse schema are told apart', () => {
  expect(splitStatements("-- one; two;\nSELECT ';' AS a;\nSELECT 2;")).toEqual([
    "SELECT ';' AS a",
    'SELECT 2',
  ]);
  const dir = join(SERVICES, 'clickhouse', 'init');
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.sql'))) {
    for (const statement of splitStatements(readFileSync(join(dir, file), 'utf8'))) {
      expect(statement).toMatch(/^(CREATE|ALTER|DROP|INSERT|SYSTEM|SET)\b/i);
    }
  }
});

test('delays after crashes grow to their limit and never pass it; a stable run starts over', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 120_000 }), { maxLength: 30 }), (runs) => {
      const policy = { ...DEFAULT_RESTART_POLICY, maxCrashes: 1000 };
      const backoff = new Backoff(policy);
      let now = 0;
      for (const ranFor of runs) {
        now += ranFor;
        const delay = backoff.crashed(now, ranFor);
        expect(delay).toBeGreaterThanOrEqual(policy.firstDelayMs);
        expect(delay).toBeLessThanOrEqual(policy.maxDelayMs);
        if (ranFor >= policy.stableAfterMs) expect(delay).toBe(policy.firstDelayMs);
      }
    }),
  );
});

test('only crashes within the window count towards giving up', () => {
  const policy = { ...DEFAULT_RESTART_POLICY, maxCrashes: 3, windowMs: 1000 };
  const slow = new Backoff(policy);
  for (let now = 0; now < 20_000; now += 600) expect(slow.crashed(now, 500)).not.toBe('give-up');
  const fast = new Backoff(policy);
  expect([0, 100, 200].map((now) => fast.crashed(now, 50))).toEqual([500, 1000, 'give-up']);
});

test('a log is rotated by size and keeps its last lines', () => {
  const path = join(temporaryDir(), 'logs', 'x.log');
  const log = new LogFile(path, { maxBytes: 100, keep: 2 });
  for (let line = 0; line < 30; line++) log.write(`line ${String(line).padStart(2, '0')}\n`);
  log.close();
  expect(existsSync(`${path}.2`)).toBe(true);
  expect(existsSync(`${path}.3`)).toBe(false);
  const kept = [`${path}.2`, `${path}.1`, path].flatMap((file) => tailOf(file, 100));
  expect(kept.at(-1)).toBe('line 29');
  expect(kept).toEqual(kept.map((_, index) => `line ${String(30 - kept.length + index).padStart(2, '0')}`));
  expect(tailOf(`${path}.1`, 1)).toHaveLength(1);
  expect(tailOf(join(path, '..', 'none.log'), 5)).toEqual([]);
});

test('the services of a Jest run are those of all projects that have a test to run', () => {
  const root = temporaryDir();
  const makeProject = (name: string, services: readonly string[]): string => {
    mkdirSync(join(root, name, 'test'), { recursive: true });
    writeFileSync(join(root, name, 'test', `${name}.test.ts`), '');
    const file = join(root, name, 'jest.config.cjs');
    writeFileSync(
      file,
      `module.exports = { testEnvironmentOptions: { services: ${JSON.stringify(services)} } };`,
    );
    return file;
  };
  const projects = [
    makeProject('shop', ['postgres']),
    makeProject('mail', ['redis']),
    makeProject('plain', []),
  ];
  const first = { testEnvironmentOptions: { services: ['kafka'] } };
  expect(servicesOfRun({ projects }, first)).toEqual(['kafka', 'postgres', 'redis']);
  expect(servicesOfRun({ projects, testPathPatterns: { patterns: ['MAIL/test'] } }, first)).toEqual([
    'kafka',
    'redis',
  ]);
  expect(servicesOfRun({ projects: [root] }, first)).toEqual(['kafka']);
  expect(servicesOfRun({}, {})).toEqual([]);
  const all = servicesOfRun({}, { testEnvironmentOptions: { services: ['stack'] } });
  expect(all).toEqual([...(PROFILES['lead'] ?? [])].sort());
});
