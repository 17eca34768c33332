import fc from 'fast-check';
import { workflowIdOf } from '../src/lib/props/start';
import {
  type ClosedKey,
  type ClosedPosition,
  advance,
  compareKeys,
  isNew,
  lowerBoundMs,
  positionAt,
  positionSchema,
} from '../src/lib/triggers/closed-cursor';
import { nextWaiting, readWaiting } from '../src/lib/triggers/waiting';
import { parseArguments, parseDuration, toJson } from '../src/lib/values';
import { buildQuery, quoted } from '../src/lib/visibility';

const NS = 1_000_000n;
const keys = fc.uniqueArray(
  fc.record({
    time: fc.bigInt({ min: 1n, max: 400n }).map((ms) => ms * NS),
    runId: fc.string({ minLength: 1, maxLength: 3 }),
  }),
  { selector: ({ time, runId }) => `${time} ${runId}`, maxLength: 60 },
);
const limits = fc.record({
  overlapMs: fc.integer({ min: 0, max: 500 }),
  maxRemembered: fc.integer({ min: 1, max: 80 }),
});

/** Polls as the trigger does: what is asked for is cut at whole milliseconds. */
function poll(visible: readonly ClosedKey[], position: ClosedPosition, batch: number): ClosedKey[] {
  return visible
    .filter(
      ({ time }) =>
        time >= BigInt(lowerBoundMs(position)) * NS && isNew(position, { time, runId: '' }) !== undefined,
    )
    .filter((key) => isNew(position, key))
    .sort(compareKeys)
    .slice(0, batch);
}

describe('cursor of closed workflows', () => {
  it('gives each once, in order, in batches of any size, with ties of any length', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 7 }), limits, (all, batch, options) => {
        let position = positionAt(0);
        const seen: ClosedKey[] = [];
        for (let round = 0; round <= all.length; round += 1) {
          const next = poll(all, position, batch);
          seen.push(...next);
          // Positions are stored as JSON.
          position = positionSchema.parse(
            JSON.parse(JSON.stringify(advance(position, next, { ...options, maxRemembered: 80 }))),
          );
        }
        expect(seen).toEqual([...all].sort(compareKeys));
      }),
    );
  });

  it('loses none that becomes visible late, within the overlap', () => {
    fc.assert(
      fc.property(
        keys,
        fc.array(fc.nat(5), { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (all, lateness, batch) => {
          let position = positionAt(0);
          const seen: ClosedKey[] = [];
          for (let round = 0; round <= all.length + 6; round += 1) {
            const visible = all.filter((_key, index) => (lateness[index] ?? 0) <= round);
            const next = poll(visible, position, batch);
            seen.push(...next);
            position = advance(position, next, { overlapMs: 500 });
          }
          expect([...seen].sort(compareKeys)).toEqual([...all].sort(compareKeys));
        },
      ),
    );
  });

  it('never gives one twice and never grows beyond its limit', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 9 }), limits, (all, batch, options) => {
        let position = positionAt(0);
        const seen = new Set<string>();
        for (let round = 0; round <= all.length; round += 1) {
          const next = poll(all, position, batch);
          for (const { time, runId } of next) {
            expect(seen.has(`${time} ${runId}`)).toBe(false);
            seen.add(`${time} ${runId}`);
          }
          position = advance(position, next, options);
          expect(position.done.length).toBeLessThanOrEqual(options.maxRemembered);
        }
      }),
    );
  });
});

describe('requests of waiting workflows', () => {
  it('are each given once while they are open, and again when they come back', () => {
    const round = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(fc.array(round), fc.integer({ min: 5, max: 9 }), (rounds, limit) => {
        let open: string[] = [];
        let before: string[] = [];
        for (const waiting of rounds) {
          const { next, to } = nextWaiting(
            new Set(open),
            waiting.map((mark) => ({ mark })),
            limit,
          );
          expect(next.map(({ mark }) => mark)).toEqual(waiting.filter((mark) => !before.includes(mark)));
          expect([...to].sort()).toEqual([...waiting].sort());
          open = to;
          before = waiting;
        }
      }),
    );
  });

  it('come as text, object or list', () => {
    expect(readWaiting('approval')).toEqual({ waitingFor: 'approval', details: {} });
    expect(readWaiting({ waitingFor: 'approval', id: 1 })).toEqual({
      waitingFor: 'approval',
      details: { waitingFor: 'approval', id: 1 },
    });
    expect(readWaiting(['approval', 'other']).waitingFor).toBe('approval');
    for (const none of [null, undefined, '', ' ', 5, {}, []])
      expect(readWaiting(none).waitingFor).toBeUndefined();
  });
});

describe('values', () => {
  it('quotes every text so that nothing ends it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inner = quoted(text).slice(1, -1);
        expect(inner.replaceAll('\\\\', '').replaceAll("''", '')).not.toMatch(/['\\]/);
        expect(inner.replaceAll("''", "'").replaceAll('\\\\', '\\')).toBe(text);
      }),
    );
  });

  it('builds a query from what is filled in only', () => {
    expect(buildQuery({})).toBe('');
    expect(
      buildQuery({ workflowTypes: ["o'r"], statuses: ['CANCELLED', 'FAILED'], query: 'A = 1 OR B = 2' }),
    ).toBe("WorkflowType = 'o''r' AND ExecutionStatus IN ('Canceled', 'Failed') AND (A = 1 OR B = 2)");
  });

  it('reads durations', () => {
    for (const [text, ms] of [
      ['30s', 30_000],
      ['1h 30m', 5_400_000],
      ['2 days', 172_800_000],
      ['1.5h', 5_400_000],
      ['250ms', 250],
      ['90', 90_000],
      ['1 week, 1 day', 691_200_000],
    ] as const) {
      expect(parseDuration('x', text)).toBe(ms);
    }
    for (const bad of ['', 'soon', '5 parsecs', '-3s', '3s!'])
      expect(() => parseDuration('x', bad)).toThrow(/duration/);
  });

  it('takes arguments as list, value, text and fields', () => {
    expect(parseArguments('A', [1, 2])).toEqual([1, 2]);
    expect(parseArguments('A', '[1,2]')).toEqual([1, 2]);
    expect(parseArguments('A', { a: 1 })).toEqual([{ a: 1 }]);
    expect(parseArguments('A', 'plain words')).toEqual(['plain words']);
    expect(parseArguments('A', '2026-01-31')).toEqual(['2026-01-31']);
    expect(parseArguments('A', '12')).toEqual([12]);
    expect(parseArguments('A', undefined, { b: 2 })).toEqual([{ b: 2 }]);
    expect(parseArguments('A', '')).toEqual([]);
    expect(() => parseArguments('A', '{"a":')).toThrow(/not valid JSON/);
  });

  it('makes JSON of anything', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withBigInt: true, withTypedArray: true }), (value) => {
        const json = toJson(value);
        expect(() => JSON.stringify(json)).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(toJson(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('makes the same id of the same key, of bounded length', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 400 }),
        fc.string({ minLength: 1 }),
        (key, workflowType) => {
          const id = workflowIdOf({ key, workflowType, call: [1] });
          expect(workflowIdOf({ key, workflowType, call: [2] })).toBe(id);
          expect(Buffer.byteLength(id)).toBeLessThanOrEqual(255);
        },
      ),
    );
    expect(workflowIdOf({ workflowType: 't', call: ['a'] })).not.toBe(
      workflowIdOf({ workflowType: 't', call: ['b'] }),
    );
    expect(workflowIdOf({ workflowId: 'as given', key: 'k', workflowType: 't', call: [] })).toBe('as given');
  });
});
