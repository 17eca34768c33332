import fc from 'fast-check';
import { compress as snappyCompress } from 'snappyjs';
import { decompress as lz4Decompress } from 'lz4js';
import { decodeSnappy, encodeLz4 } from '../src/lib/codecs';
import { compileFilters, type Filter, parsePath, valueAt } from '../src/lib/filters';
import {
  decodeHeaders,
  decodeText,
  decodeValue,
  encodeHeaders,
  encodeText,
  encodeValue,
  type FlowMessage,
} from '../src/lib/messages';
import { Partitioners } from 'kafkajs';
import { OffsetSet } from '../src/lib/offset-set';
import { stablePartitioner } from '../src/lib/partitioner';
import { readFrame, readMessageIndexes, writeFrame, writeMessageIndexes } from '../src/lib/registry/wire';
import { matchesPattern } from '../src/lib/topics';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

describe('text of keys and headers', () => {
  it('comes back byte for byte, whatever it is', () => {
    fc.assert(fc.property(bytes, (buffer) => expect(encodeText(decodeText(buffer))).toEqual(buffer)));
  });

  it('stands for itself when it is UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.startsWith('base64:'));
        expect(decodeText(Buffer.from(text))).toBe(text);
      }),
    );
  });

  it('round-trips headers with repeats', () => {
    const headers = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 3 })),
    );
    fc.assert(
      fc.property(headers, (given) => {
        const plain = (text: string) => !text.startsWith('base64:');
        fc.pre(
          Object.values(given).flat().every(plain) &&
            !('__proto__' in given && Object.hasOwn(given, '__proto__')),
        );
        expect(decodeHeaders(encodeHeaders(given))).toEqual({ ...given });
      }),
    );
  });
});

describe('values', () => {
  it('round-trip as JSON, text and binary', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Text is taken as JSON already, null is a tombstone.
        fc.pre(typeof value !== 'string' && value !== null);
        expect(decodeValue(encodeValue(value, 'json'), 'json')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) =>
        expect(decodeValue(encodeValue(text, 'text'), 'text')).toBe(text),
      ),
    );
    fc.assert(
      fc.property(bytes, (buffer) =>
        expect(encodeValue(decodeValue(buffer, 'binary'), 'binary')).toEqual(buffer),
      ),
    );
  });

  it.each([
    ['json', Buffer.from('{')],
    ['json', Buffer.alloc(0)],
    ['json', Buffer.from([0xff])],
    ['text', Buffer.from([0xc3, 0x28])],
  ] as const)('of format %s refuse %j', (format, value) => {
    expect(() => decodeValue(value, format)).toThrow(
      expect.objectContaining({ code: 'BIZ_KAFKA_VALUE_UNREADABLE' }) as Error,
    );
  });
});

describe('snappy', () => {
  it('reads raw blocks and the framing of Java producers', () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), (blocks) => {
        const framed = Buffer.concat([
          Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1]),
          ...blocks.flatMap((block) => {
            const compressed = Buffer.from(snappyCompress(block));
            const length = Buffer.alloc(4);
            length.writeUInt32BE(compressed.length);
            return [length, compressed];
          }),
        ]);
        expect(decodeSnappy(framed)).toEqual(Buffer.concat(blocks));
        const [first = Buffer.alloc(0)] = blocks;
        expect(decodeSnappy(Buffer.from(snappyCompress(first)))).toEqual(first);
      }),
    );
  });
});

describe('lz4', () => {
  it('comes back, compressible or not', () => {
    const repetitive = fc
      .tuple(bytes, fc.nat({ max: 200 }))
      .map(([block, times]) => Buffer.concat(Array<Buffer>(times).fill(block)));
    fc.assert(
      fc.property(fc.oneof(bytes, repetitive), (buffer) => {
        expect(Buffer.from(lz4Decompress(encodeLz4(buffer)))).toEqual(buffer);
      }),
    );
  });

  it('comes back when it takes several blocks', () => {
    const big = Buffer.from('0123456789 lz4 blocks '.repeat(500_000));
    expect(Buffer.from(lz4Decompress(encodeLz4(big))).equals(big)).toBe(true);
  });
});

describe('JSON paths', () => {
  const part = fc.oneof(fc.string({ minLength: 1 }), fc.nat({ max: 99 }));

  it('in brackets reach any name', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const path = parts
          .map((one) => (typeof one === 'number' ? `[${one}]` : `['${one.replaceAll(/[\\']/g, '\\$&')}']`))
          .join('');
        expect(parsePath(path)).toEqual(parts);
        expect(parsePath(`$${path}`)).toEqual(parts);
      }),
    );
  });

  it('with dots are read as written', () => {
    expect(parsePath('$.data.items[0].id')).toEqual(['data', 'items', 0, 'id']);
    expect(parsePath("data['first name']")).toEqual(['data', 'first name']);
    expect(parsePath('$price')).toEqual(['$price']);
    expect(parsePath('')).toEqual([]);
  });

  it.each(['a..b', 'a[', 'a[x]', '.', "a['b"])('refuse %j', (path) => {
    expect(() => parsePath(path)).toThrow(
      expect.objectContaining({ code: 'BIZ_KAFKA_FILTER_INVALID' }) as Error,
    );
  });

  it('see own properties only', () => {
    expect(valueAt({}, ['constructor'])).toBeUndefined();
    expect(valueAt([1], ['length'])).toBe(1);
  });
});

describe('filters', () => {
  const message: FlowMessage = {
    topic: 't',
    partition: 0,
    offset: '1',
    timestamp: '2026-01-01T00:00:00.000Z',
    key: 'lead/1',
    headers: { one: 'x', many: ['a', 'b'] },
    value: { n: 10, s: 'text', list: ['p', 'q'], nothing: null, ok: true },
  };
  const cases: [Partial<Filter>, boolean][] = [
    [{ source: 'key', operator: 'starts_with', value: 'lead/' }, true],
    [{ source: 'key', operator: 'equals', value: 'lead/2' }, false],
    [{ source: 'header', path: 'many', operator: 'equals', value: 'b' }, true],
    [{ source: 'header', path: 'many', operator: 'not_equals', value: 'b' }, false],
    [{ source: 'header', path: 'absent', operator: 'not_exists' }, true],
    [{ path: 'n', operator: 'greater_than', value: '9' }, true],
    [{ path: 'n', operator: 'less_than', value: '9' }, false],
    [{ path: 'n', operator: 'equals', value: '10' }, true],
    [{ path: 's', operator: 'contains', value: 'ex' }, true],
    [{ path: 'list', operator: 'contains', value: 'q' }, true],
    [{ path: 'list', operator: 'contains', value: 'z' }, false],
    [{ path: 's', operator: 'one_of', value: 'a, text' }, true],
    [{ path: 'nothing', operator: 'exists' }, false],
    [{ path: 'ok', operator: 'equals', value: 'true' }, true],
    [{ path: 'absent', operator: 'equals', value: '' }, false],
    [{ path: 'absent', operator: 'less_than', value: '1' }, false],
  ];

  it.each(cases)('%j gives %s', (filter, expected) => {
    const test = compileFilters([{ source: 'value', path: '', operator: 'equals', value: '', ...filter }]);
    expect(test(message)).toBe(expected);
  });

  it('must all hold', () => {
    const yes: Filter = { source: 'value', path: 'n', operator: 'exists', value: '' };
    expect(compileFilters([yes, { ...yes, operator: 'not_exists' }])(message)).toBe(false);
    expect(compileFilters([])(message)).toBe(true);
  });
});

describe('topic patterns', () => {
  it('match literally but for * and ?', () => {
    fc.assert(
      fc.property(fc.string(), (text) =>
        expect(matchesPattern(text, text.replaceAll(/[*?]/g, '?'))).toBe(true),
      ),
    );
    expect(matchesPattern('bizstack.crm', 'bizstack.*')).toBe(true);
    expect(matchesPattern('bizstackXcrm', 'bizstack.*')).toBe(false);
    expect(matchesPattern('a', 'a?')).toBe(false);
  });
});

describe('wire format of the Schema Registry', () => {
  it('round-trips ids and payloads', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0x7fffffff }), bytes, (schemaId, payload) => {
        expect(readFrame(writeFrame(schemaId, payload))).toEqual({ schemaId, payload });
      }),
    );
  });

  it('round-trips message indexes, and one byte means the first message', () => {
    expect(writeMessageIndexes([0])).toEqual(Buffer.from([0]));
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 5 }),
        bytes,
        (indexes, rest) => {
          expect(readMessageIndexes(Buffer.concat([writeMessageIndexes(indexes), rest]))).toEqual({
            indexes,
            rest,
          });
        },
      ),
    );
  });

  it('never reads beyond what is there', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        for (const read of [readFrame, readMessageIndexes]) {
          try {
            read(value);
          } catch (error) {
            expect(error).toMatchObject({ code: 'BIZ_KAFKA_VALUE_UNREADABLE' });
          }
        }
      }),
    );
  });
});

describe('the set of redriven offsets', () => {
  it('knows after a commit what was done before it, and nothing else', () => {
    const offsets = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.nat({ max: 20 }), offsets, offsets, (base, first, second) => {
        const present = Array.from({ length: 61 - base }, (_, n) => String(base + n));
        const expected = new Set([...first, ...second].filter((offset) => offset >= base));
        let set = new OffsetSet(String(base));
        for (const round of [first, second]) {
          round.forEach((offset) => set.add(String(offset)));
          const { offset, note } = set.commit(present, '61');
          set = new OffsetSet(offset, note);
        }
        expect(present.filter((offset) => set.has(offset)).map(Number)).toEqual(
          [...expected].sort((a, b) => a - b),
        );
      }),
    );
  });

  it('takes a note of somebody else for none', () => {
    expect(new OffsetSet('5', 'written by another tool').has('5')).toBe(false);
  });
});

describe('the partitioner', () => {
  it('keeps a message where it is when its send is repeated, and puts keys where Java puts them', () => {
    const partitionMetadata = [0, 1, 2].map((partitionId) => ({
      partitionId,
      leader: 1,
      isr: [1],
      replicas: [1],
      partitionErrorCode: 0,
    }));
    const [choose, java] = [stablePartitioner(), Partitioners.DefaultPartitioner()];
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ minLength: 1 })), { maxLength: 20 }), (keys) => {
        const messages = keys.map((key) => ({ key, value: 'x' }));
        const place = () => messages.map((message) => choose({ topic: 't', partitionMetadata, message }));
        const first = place();
        expect(place()).toEqual(first);
        messages.forEach((message, n) => {
          const { key, value } = message;
          if (key !== null) {
            expect(first[n]).toBe(java({ topic: 't', partitionMetadata, message: { key, value } }));
          }
        });
      }),
    );
  });
});
