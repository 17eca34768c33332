import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskFacts, resolveFacts, SecretStore, secretOf } from '../src/state/secrets';
import { cleanBeds, temporaryDir } from './fixtures/driver';

afterEach(cleanBeds);

test('a secret is made once, in a file of mode 0600 in a folder of mode 0700', () => {
  const dir = join(temporaryDir(), 'secrets');
  const store = new SecretStore(dir);
  const file = store.file('postgres');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(store.get('postgres')).toMatch(/^[0-9a-f]{48}$/);
  expect(new SecretStore(dir).get('postgres')).toBe(store.get('postgres'));
  store.file('redis');
  expect(store.get('redis')).not.toBe(store.get('postgres'));
  expect(store.names()).toEqual(['postgres', 'redis']);
});

test('a secret that others can read, or that is empty, is refused without being shown', () => {
  const store = new SecretStore(join(temporaryDir(), 'secrets'));
  const file = store.file('postgres');
  const value = store.get('postgres');
  chmodSync(file, 0o644);
  expect(() => store.get('postgres')).toThrow(/has mode 644: others can read it\. Run: chmod 600/);
  expect(() => store.get('postgres')).not.toThrow(new RegExp(value));
  chmodSync(file, 0o600);
  writeFileSync(file, '\n');
  expect(() => store.get('postgres')).toThrow(/is empty/);
});

test.each(['', '../up', 'Upper', '.hidden', 'a/b', 'x'.repeat(65)])(
  '%p is not a name of a secret',
  (name) => {
    expect(() => new SecretStore(temporaryDir()).file(name)).toThrow(/is not a name of a secret/);
  },
);

test('facts show secrets only when they are asked to', () => {
  const facts = { url: `redis://:${secretOf('redis')}@127.0.0.1:1`, port: 1, password: secretOf('redis') };
  expect(maskFacts(facts)).toEqual({ url: 'redis://:***@127.0.0.1:1', port: 1, password: '***' });
  expect(resolveFacts(facts, (name) => `<${name}>`)).toEqual({
    url: 'redis://:<redis>@127.0.0.1:1',
    port: 1,
    password: '<redis>',
  });
});
