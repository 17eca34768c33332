import { Readable } from 'node:stream';
import { type ApFile, createAction, Property } from '@activepieces/pieces-framework';
import { BizError, isBizError, messageOf, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { type Database, type Settings, withDatabase } from '../client';
import {
  type Encoding,
  ENCODINGS,
  fromBytes,
  fromUrl,
  type OpenFile,
  openFile,
  SOURCE_FORMATS,
  type SourceFormat,
  toUtf8,
} from '../files/source';
import { quoteIdentifier } from '../identifiers';
import { timeLimitProp, timeLimitSchema } from '../props/limits';
import { parseSettings, settingsProp } from '../props/sql';
import { asyncInsertProp, columnsProp, tableProp, tokenProp } from '../props/table';
import { describeTable, isInsertable, type Table, writableColumn } from '../schema';
import { INPUT_SETTINGS, insertSettings, requireDeduplication } from '../write';

const DOWNLOAD_TIMEOUT_MS = 580_000;

const flag = (otherwise: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? otherwise);

const optionsSchema = z.object({
  fileUrl: z
    .string()
    .nullish()
    .transform((url) => url?.trim() || undefined),
  format: z
    .enum(SOURCE_FORMATS)
    .nullish()
    .transform((format) => format ?? 'auto'),
  header: flag(true),
  delimiter: z
    .string()
    .nullish()
    .transform((sign) => (sign === '\\t' ? '\t' : sign || ','))
    .pipe(z.string().length(1)),
  encoding: z
    .enum(ENCODINGS)
    .nullish()
    .transform((encoding) => encoding ?? 'utf-8'),
  ignoreUnknown: flag(false),
  maxBadRows: z.coerce
    .number()
    .int()
    .min(0)
    .nullish()
    .transform((rows) => rows ?? 0),
  asyncInsert: flag(false),
  token: z
    .string()
    .nullish()
    .transform((token) => token?.trim() || undefined),
});

type Options = z.output<typeof optionsSchema>;

export const insertFromFile = createAction({
  auth: clickhouseAuth,
  name: 'insert_from_file',
  displayName: 'Insert from File',
  description: 'Inserts the rows of a CSV, JSON Lines or Parquet file, also compressed, while it is read.',
  audience: 'both',
  aiMetadata: {
    description:
      'Insert the rows of a file (CSV, JSON Lines, Parquet; gzip or zstd) into a ClickHouse table. Calling it twice inserts twice unless a deduplication token is given.',
    idempotent: false,
  },
  props: {
    table: tableProp,
    fileUrl: Property.ShortText({
      displayName: 'File URL',
      description:
        'Address of the file, for example from a step before. It is read piece by piece, whatever its size.',
      required: false,
    }),
    file: Property.File({
      displayName: 'File',
      description: 'Instead of a URL: a file that is loaded as a whole.',
      required: false,
    }),
    format: Property.StaticDropdown<SourceFormat, false>({
      displayName: 'Format',
      description: 'What is in the file. Compression is found by itself.',
      required: false,
      defaultValue: 'auto',
      options: {
        options: [
          { label: 'By content and name', value: 'auto' },
          { label: 'CSV', value: 'csv' },
          { label: 'JSON Lines, or a JSON list of objects', value: 'jsonl' },
          { label: 'Parquet', value: 'parquet' },
        ],
      },
    }),
    columns: columnsProp(
      'Columns',
      'The columns in the file, in its order. Only for CSV without a header; all columns of the table if empty.',
      isInsertable,
    ),
    header: Property.Checkbox({
      displayName: 'The first line holds names',
      description: 'Only CSV.',
      required: false,
      defaultValue: true,
    }),
    delimiter: Property.ShortText({
      displayName: 'Delimiter',
      description: 'Only CSV. One character, or \\t for a tabulator.',
      required: false,
      defaultValue: ',',
    }),
    encoding: Property.StaticDropdown<Encoding, false>({
      displayName: 'Encoding',
      description: 'Of text files.',
      required: false,
      defaultValue: 'utf-8',
      options: {
        options: [
          { label: 'UTF-8', value: 'utf-8' },
          { label: 'Windows-1252, ISO 8859-1', value: 'windows-1252' },
          { label: 'UTF-16', value: 'utf-16le' },
        ],
      },
    }),
    ignoreUnknown: Property.Checkbox({
      displayName: 'Ignore unknown columns',
      description: 'Columns of the file that the table does not have. Otherwise they are an error.',
      required: false,
      defaultValue: false,
    }),
    maxBadRows: Property.Number({
      displayName: 'Bad rows at most',
      description: 'Rows of CSV and JSON Lines that cannot be read are left out, up to this many.',
      required: false,
      defaultValue: 0,
    }),
    asyncInsert: asyncInsertProp,
    token: tokenProp,
    timeLimit: timeLimitProp,
    settings: settingsProp,
  },
  outputSchema: {
    fields: [
      { key: 'inserted', label: 'Inserted', format: 'number' },
      { key: 'bytes', label: 'Size, decompressed', format: 'filesize' },
      { key: 'format', label: 'Format' },
      { key: 'queryId', label: 'Query id' },
    ],
  },
  async run({ auth, propsValue }) {
    const options = parseInput('Insert from File', propsValue, optionsSchema);
    const limits = parseInput('Time limit', propsValue.timeLimit, timeLimitSchema);
    const settings = parseSettings(propsValue.settings);
    return withDatabase(auth.props, async (database) => {
      const table = await describeTable(database, propsValue.table);
      const columns = (propsValue.columns ?? []).map((name) => writableColumn(table, name).name);
      if (options.token !== undefined) await requireDeduplication(database, table);
      const file = await open(options, propsValue.file);
      return insertFile(database, { table, columns, file, options, limits, settings });
    });
  },
});

async function open(options: Options, file: ApFile | undefined | null): Promise<OpenFile> {
  const given = file ?? undefined;
  if ((options.fileUrl === undefined) === (given === undefined)) {
    throw new BizError('BIZ_INPUT_INVALID', 'Give either "File URL" or "File".');
  }
  const source =
    given === undefined
      ? await fromUrl(options.fileUrl ?? '', AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS))
      : fromBytes({ data: given.data, name: given.filename });
  return openFile(source, options.format);
}

interface FileInsert {
  readonly table: Table;
  readonly columns: readonly string[];
  readonly file: OpenFile;
  readonly options: Options;
  readonly limits: { timeoutSeconds?: number };
  readonly settings: Settings;
}

async function insertFile(
  database: Database,
  { table, columns, file, options, limits, settings }: FileInsert,
) {
  const text = file.format === 'parquet' ? file.stream : toUtf8(file.stream, options.encoding);
  let bytes = 0;
  let broken: unknown;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of text) {
        const part = Buffer.from(chunk);
        bytes += part.length;
        yield part;
      }
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  const names = columns.length > 0 ? ` (${columns.map(quoteIdentifier).join(', ')})` : '';
  try {
    const { queryId, writtenRows } = await database.insert({
      sql: `INSERT INTO ${table.sql}${names} FORMAT ${formatName(file.format, options)}`,
      body: () => Readable.from(counted(), { objectMode: false }),
      settings: {
        ...INPUT_SETTINGS,
        input_format_null_as_default: 1,
        input_format_allow_errors_num: options.maxBadRows,
        input_format_skip_unknown_fields: options.ignoreUnknown ? 1 : 0,
        ...delimiterSettings(options),
        ...insertSettings(options),
        ...settings,
      },
      ...limits,
    });
    return { inserted: writtenRows, bytes, format: file.format, queryId };
  } catch (error) {
    throw broken === undefined ? inFile(error) : unreadable(broken);
  } finally {
    text.destroy();
  }
}

function delimiterSettings({ delimiter }: Options): Settings {
  if (delimiter !== '\t') return { format_csv_delimiter: delimiter };
  return { format_custom_escaping_rule: 'CSV', format_custom_field_delimiter: delimiter };
}

/** ClickHouse's CSV takes no tabulator; its custom format with the rules of CSV does. */
function formatName(format: OpenFile['format'], { header, delimiter }: Options): string {
  if (format === 'csv')
    return `${delimiter === '\t' ? 'CustomSeparated' : 'CSV'}${header ? 'WithNames' : ''}`;
  return format === 'jsonl' ? 'JSONEachRow' : 'Parquet';
}

/** A large file is stored block by block, so that a part of it may be there already. */
function inFile(error: unknown): unknown {
  if (!isBizError(error)) return error;
  const { code, message, retryable, details } = error;
  return new BizError(code, message, {
    cause: error,
    retryable,
    details,
    hint: 'Of files with more than a million rows the ones before may be stored: use a deduplication token, so that repeating is safe.',
  });
}

function unreadable(cause: unknown): BizError {
  return new BizError(
    'BIZ_CLICKHOUSE_FILE_UNREADABLE',
    `The file cannot be read to its end: ${messageOf(cause)}.`,
    {
      hint: 'Check that it is whole, and its compression.',
      cause,
    },
  );
}
