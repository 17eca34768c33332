import type { FlowMessage } from '@bizstack/piece-kafka/dist/lib/bridge';
import fc from 'fast-check';
import { parseOrigins } from '../src/origins';
import { backoff, PartitionState } from '../src/partition';
import { type DeliveryResult, deliveryIdOf, parseRetryAfter, secretOf } from '../src/webhook';

const RETRY = { baseMs: 500, maxMs: 60_000 };

const message = (offset: number): FlowMessage => ({
  topic: 't',
  partition: 0,
  offset: String(offset),
  timestamp: '2026-01-01T00:00:00.000Z',
  key: null,
  headers: {},
  value: null,
});

describe('what happens after an attempt', () => {
  /** Plays a partition of `total` messages until all are done; a webhook that refuses some of them for ever. */
  function play(total: number, maxMessages: number, maxAttempts: number, poison: ReadonlySet<number>) {
    const state = new PartitionState();
    const [delivered, buried] = [new Array<number>(), new Map<number, number>()];
    for (let at = 0, calls = 0; at < total; calls += 1) {
      if (calls > 10_000) throw new Error('It never ends.');
      const size = Math.min(state.limit(String(at), maxMessages), total - at);
      const offsets = Array.from({ length: size }, (_, n) => at + n);
      const bad = offsets.some((offset) => poison.has(offset));
      const result: DeliveryResult = bad
        ? { kind: calls % 2 === 0 ? 'failed' : 'refused', reason: 'no', retryAfterMs: undefined }
        : { kind: 'accepted' };
      const decision = state.decide(offsets.map(message), result, { maxAttempts }, RETRY);
      if (decision.kind === 'done') {
        delivered.push(...offsets);
        at += size;
      } else if (decision.kind === 'dead_letter') {
        buried.set(at, decision.attempts);
        at += 1;
      }
    }
    return { delivered, buried };
  }

  it('delivers everything in order but what is refused for ever, and buries exactly that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 6 }),
        fc.uniqueArray(fc.nat({ max: 39 }), { maxLength: 6 }),
        (total, maxMessages, maxAttempts, poison) => {
          const bad = new Set(poison.filter((offset) => offset < total));
          const { delivered, buried } = play(total, maxMessages, maxAttempts, bad);
          expect(delivered).toEqual(Array.from({ length: total }, (_, n) => n).filter((n) => !bad.has(n)));
          expect([...buried.keys()]).toEqual([...bad].sort((a, b) => a - b));
          for (const attempts of buried.values()) expect(attempts).toBeGreaterThanOrEqual(maxAttempts);
        },
      ),
    );
  });

  it('never counts a request to come later', () => {
    const state = new PartitionState();
    for (let n = 0; n < 50; n += 1) {
      const later: DeliveryResult = { kind: 'postponed', reason: '429', retryAfterMs: 1_000 };
      expect(state.decide([message(0)], later, { maxAttempts: 1 }, RETRY)).toMatchObject({
        kind: 'wait',
        ms: 1_000,
      });
    }
  });
});

it('waits longer each time, up to the longest', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, random) => {
        const ms = backoff(attempt, RETRY, () => random);
        expect(ms).toBeGreaterThanOrEqual(RETRY.baseMs * 0.75);
        expect(ms).toBeLessThanOrEqual(RETRY.maxMs);
      },
    ),
  );
});

it.each([
  [null, undefined],
  ['2', 2_000],
  ['0', 0],
  ['999999', 3_600_000],
  ['Thu, 01 Jan 1970 00:00:05 GMT', 4_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
])('reads Retry-After %j as %j ms', (header, ms) => {
  expect(parseRetryAfter(header, 1_000)).toBe(ms);
});

it('gives the same id to the same messages, and another secret to every registration', () => {
  expect(deliveryIdOf('a', [message(1), message(2)])).toBe(deliveryIdOf('a', [message(1), message(2)]));
  const ids = [
    deliveryIdOf('a', [message(1)]),
    deliveryIdOf('a', [message(2)]),
    deliveryIdOf('b', [message(1)]),
  ];
  expect(new Set(ids).size).toBe(3);
  expect(secretOf('key', 'a')).not.toBe(secretOf('key', 'b'));
});

describe('allowed origins', () => {
  const allows = parseOrigins('https://flows.example.com, http://127.0.0.1:* http://[::1]:8081');

  it.each([
    'https://flows.example.com/api/v1/webhooks/x',
    'https://flows.example.com:443/x',
    'http://127.0.0.1:1/x',
    'http://127.0.0.1/x',
    'http://[::1]:8081/',
  ])('take %s', (url) => expect(allows(url)).toBe(true));

  it.each([
    'http://flows.example.com/x',
    'https://flows.example.com:8443/x',
    'https://flows.example.com.evil.example/',
    'https://user@flows.example.com/',
    'https://flows.example.com@evil.example/',
    'http://127.0.0.2/x',
    'http://[::1]:8082/',
    'file:///etc/passwd',
    'nonsense',
  ])('refuse %s', (url) => expect(allows(url)).toBe(false));

  it.each(['', 'https://a.example/path', 'ftp://a.example', 'https://u:p@a.example', '*'])(
    'cannot be %j',
    (text) => {
      expect(() => parseOrigins(text)).toThrow(
        expect.objectContaining({ code: 'BIZ_BRIDGE_CONFIG' }) as Error,
      );
    },
  );
});
