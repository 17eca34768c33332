import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { createFileWriter, FILE_FORMATS } from '../file-formats';
import { parametersProp, parseParameters } from '../props/sql';
import { streamRows } from '../query';

/** The file is built in memory, because Activepieces takes files as a whole. */
const MAX_BYTES = 100 * 1024 * 1024;

const formatSchema = z
  .enum(FILE_FORMATS)
  .nullish()
  .transform((format) => format ?? 'csv');

export const queryToFile = createAction({
  auth: postgresAuth,
  name: 'query_to_file',
  displayName: 'Query to File',
  description: 'Writes the rows of a query to a CSV or JSON file.',
  audience: 'both',
  aiMetadata: {
    description: 'Run a read-only SQL query on PostgreSQL and write all rows to a file.',
    idempotent: true,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT, with $1, $2, … where values belong.',
      required: true,
    }),
    parameters: parametersProp,
    format: Property.StaticDropdown<'csv' | 'jsonl' | 'json', false>({
      displayName: 'Format',
      description: 'How the rows are written.',
      required: false,
      defaultValue: 'csv',
      options: {
        options: [
          { label: 'CSV', value: 'csv' },
          { label: 'JSON Lines', value: 'jsonl' },
          { label: 'JSON', value: 'json' },
        ],
      },
    }),
    fileName: Property.ShortText({
      displayName: 'File name',
      description: 'Without the ending.',
      required: false,
      defaultValue: 'rows',
    }),
  },
  outputSchema: {
    fields: [
      { key: 'file', label: 'File', format: 'url' },
      { key: 'fileName', label: 'File name' },
      { key: 'count', label: 'Number of rows', format: 'number' },
      { key: 'bytes', label: 'Size', format: 'filesize' },
    ],
  },
  async run({ auth, propsValue, files }) {
    const values = parseParameters(propsValue.sql, propsValue.parameters);
    const format = parseInput('Format', propsValue.format, formatSchema);
    const writer = createFileWriter(format);
    const parts: Buffer[] = [];
    let bytes = 0;
    let count = 0;
    const add = (text: string) => {
      const part = Buffer.from(text);
      bytes += part.length;
      if (bytes > MAX_BYTES) {
        throw new BizError('BIZ_POSTGRES_FILE_TOO_LARGE', 'The file would be larger than 100 MB.', {
          hint: 'Read fewer rows or columns, or split the query.',
        });
      }
      parts.push(part);
    };
    await withTransaction(
      auth.props,
      (database) =>
        streamRows(database, { sql: propsValue.sql, values }, (rows, columns) => {
          count += rows.length;
          add(writer.write(rows, columns));
        }),
      { readOnly: true },
    );
    add(writer.end());
    const fileName = `${propsValue.fileName || 'rows'}.${format}`;
    return { file: await files.write({ fileName, data: Buffer.concat(parts) }), fileName, count, bytes };
  },
});
