import fc from 'fast-check';
import { formatTableName, parseTableName, quoteIdentifier } from '../src/lib/identifiers';
import { closeConnections, withDatabase } from '../src/lib/client';
import { auth } from './support/postgres';

afterAll(closeConnections);

const name = fc
  .string({ minLength: 1, maxLength: 15, unit: 'grapheme' })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63);

describe('identifiers', () => {
  it('come back from PostgreSQL as they were, whatever is in them', async () => {
    await withDatabase(auth, async (database) => {
      await fc.assert(
        fc.asyncProperty(name, async (text) => {
          const { rows } = await database.query(`SELECT 1 AS ${quoteIdentifier(text)}`);
          expect(Object.keys(rows[0] ?? {})).toEqual([text]);
        }),
        { numRuns: 200 },
      );
    });
  });

  it('of tables survive being formatted and parsed', () => {
    fc.assert(
      fc.property(name, name, (schema, table) => {
        expect(parseTableName(formatTableName({ schema, table }))).toEqual({ schema, table });
      }),
    );
  });

  it.each(['', '.', 'a.b.c', 'a.', '"open', '"a"b'])('refuses the table name %j', (text) => {
    expect(() => parseTableName(text)).toThrow(
      expect.objectContaining({ code: 'BIZ_POSTGRES_NAME_INVALID' }) as Error,
    );
  });

  it.each(['', 'x'.repeat(64), 'a\0b'])('refuses the identifier %j', (text) => {
    expect(() => quoteIdentifier(text)).toThrow(
      expect.objectContaining({ code: 'BIZ_POSTGRES_NAME_INVALID' }) as Error,
    );
  });
});
