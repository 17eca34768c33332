import fc from 'fast-check';
import { failure, statusOf, toClickHouseError } from '../../src/errors';
import { chooseEncoding } from '../../src/http/compression';
import { contentTypeOf } from '../../src/http/formats';
import { parseMultipart } from '../../src/http/multipart';

describe('chooseEncoding', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['lz4', undefined],
    ['gzip', 'gzip'],
    ['gzip, zstd', 'zstd'],
    ['gzip;q=1, zstd;q=0.5', 'gzip'],
    ['gzip;q=0', undefined],
    ['*', 'zstd'],
    ['*;q=0.1, deflate;q=0.9', 'deflate'],
  ])('takes %j as %j', (accept, encoding) => {
    expect(chooseEncoding(accept)).toBe(encoding);
  });
});

describe('parseMultipart', () => {
  const build = (boundary: string, fields: readonly (readonly [string, string])[]): Buffer =>
    Buffer.from(
      fields
        .map(
          ([name, value]) =>
            `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
        )
        .join('') + `--${boundary}--\r\n`,
    );

  it('returns every field as it was sent', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,9}$/), { maxLength: 5 }),
        fc.string({ unit: 'grapheme' }),
        (names, value) => {
          const fields = names.map((name): [string, string] => [name, value]);
          const parsed = parseMultipart(
            'multipart/form-data; boundary=BOUND-4711',
            build('BOUND-4711', fields),
          );
          expect([...parsed]).toEqual(fields);
        },
      ),
    );
  });

  it('never returns fields of a body that is cut off', () => {
    const body = build('b', [
      ['query', 'SELECT 1'],
      ['param_a', 'x'],
    ]);
    for (let length = 0; length < body.length - 4; length += 1) {
      expect(() => parseMultipart('multipart/form-data; boundary=b', body.subarray(0, length))).toThrow(
        /broken|cut off/,
      );
    }
  });

  it('needs a boundary', () => {
    expect(() => parseMultipart('multipart/form-data', Buffer.from(''))).toThrow(/boundary/);
  });
});

describe('toClickHouseError', () => {
  it('keeps one prefix and one suffix of what the engine repeats', () => {
    const error = toClickHouseError(
      new Error(
        'Query failed: Code: 73. DB::Exception: Code: 73. DB::Exception: Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT) (version 26.7.2.1). (UNKNOWN_FORMAT)',
      ),
    );
    expect([error.code, error.status, error.text]).toEqual([
      73,
      404,
      'Code: 73. DB::Exception: Unknown format X. (UNKNOWN_FORMAT)',
    ]);
  });

  it('keeps text that only looks like a suffix', () => {
    expect(
      toClickHouseError(new Error('Code: 395. DB::Exception: (BOOM) happened (HERE) now. (FUNCTION_THROW)'))
        .message,
    ).toBe('(BOOM) happened (HERE) now.');
  });

  it('keeps the cause, and its own errors', () => {
    const cause = new Error('something');
    expect(toClickHouseError(cause)).toMatchObject({ code: 1002, status: 500, cause });
    const own = failure('READONLY', 'No.');
    expect(toClickHouseError(own)).toBe(own);
  });

  it.each([
    [Object.assign(new Error('write'), { code: 'ENOSPC' })],
    [
      new Error(
        'Code: 75. DB::ErrnoException: Cannot write to file: , errno: 28, strerror: No space left on device. (CANNOT_WRITE_TO_FILE_DESCRIPTOR)',
      ),
    ],
  ])('names a full disk', (error) => {
    expect(toClickHouseError(error).code).toBe(243);
  });

  it('maps codes to statuses', () => {
    expect([62, 60, 516, 48, 159, 223, 241].map(statusOf)).toEqual([400, 404, 403, 501, 408, 413, 500]);
  });
});

describe('contentTypeOf', () => {
  it.each([
    ['JSON', 'application/json; charset=UTF-8'],
    ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['TSV', 'text/tab-separated-values; charset=UTF-8'],
    ['CSVWithNames', 'text/csv; charset=UTF-8; header=present'],
    ['Parquet', 'application/octet-stream'],
    ['PrettyCompact', 'text/plain; charset=UTF-8'],
  ])('%s', (format, type) => {
    expect(contentTypeOf(format)).toBe(type);
  });
});
