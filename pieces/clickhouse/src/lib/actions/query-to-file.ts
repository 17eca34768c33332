import type { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { createAction, type FilesService, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { createRowPartWriter, type FilePart } from '../files/parts';
import { upload } from '../files/upload';
import { timeLimitProp, timeLimitSchema } from '../props/limits';
import {
  moreParametersProp,
  parametersProp,
  parseParameters,
  parseSettings,
  settingsProp,
} from '../props/sql';
import { statementOf } from '../sql/mask';

const FORMATS = {
  csv: { clickhouse: 'CSVWithNames', ending: 'csv' },
  jsonl: { clickhouse: 'JSONEachRow', ending: 'jsonl' },
  parquet: { clickhouse: 'Parquet', ending: 'parquet' },
} as const;

type Format = keyof typeof FORMATS;

const MEGABYTE = 1024 * 1024;

const optionsSchema = z.object({
  format: z
    .enum(['csv', 'jsonl', 'parquet'])
    .nullish()
    .transform((format) => format ?? 'csv'),
  fileName: z
    .string()
    .nullish()
    .transform((name) => name?.trim() || 'rows'),
  gzip: z
    .boolean()
    .nullish()
    .transform((gzip) => gzip ?? false),
  maxFileMb: z.coerce
    .number()
    .min(1)
    .max(500)
    .nullish()
    .transform((megabytes) => (megabytes ?? 20) * MEGABYTE),
  uploadUrl: z
    .string()
    .nullish()
    .transform((url) => url?.trim() || undefined),
});

type Options = z.output<typeof optionsSchema>;

interface WrittenFile {
  readonly file: string;
  readonly fileName: string;
  readonly bytes: number;
  /** Null where rows are not counted (Parquet, uploads). */
  readonly rows: number | null;
}

export const queryToFile = createAction({
  auth: clickhouseAuth,
  name: 'query_to_file',
  displayName: 'Query to File',
  description: 'Writes the rows of a query to CSV, JSON Lines or Parquet, of any size.',
  audience: 'both',
  aiMetadata: {
    description: 'Run a read-only SQL query on ClickHouse and write all rows to one or more files.',
    idempotent: true,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT, with {name:Type} where values belong. Without FORMAT.',
      required: true,
    }),
    parameters: parametersProp,
    moreParameters: moreParametersProp,
    format: Property.StaticDropdown<Format, false>({
      displayName: 'Format',
      description: 'How the rows are written.',
      required: false,
      defaultValue: 'csv',
      options: {
        options: [
          { label: 'CSV', value: 'csv' },
          { label: 'JSON Lines', value: 'jsonl' },
          { label: 'Parquet', value: 'parquet' },
        ],
      },
    }),
    fileName: Property.ShortText({
      displayName: 'File name',
      description: 'Without the ending.',
      required: false,
      defaultValue: 'rows',
    }),
    maxFileMb: Property.Number({
      displayName: 'Largest file (MB)',
      description:
        'CSV and JSON Lines become several files when there is more. Not above what Activepieces accepts. 1 to 500.',
      required: false,
      defaultValue: 20,
    }),
    gzip: Property.Checkbox({
      displayName: 'Compress with gzip',
      description: 'CSV and JSON Lines; Parquet is compressed in itself.',
      required: false,
      defaultValue: false,
    }),
    uploadUrl: Property.ShortText({
      displayName: 'Upload URL',
      description:
        'Sends one file of any size there with PUT, for example to a signed URL of an object store, instead of keeping it in Activepieces.',
      required: false,
    }),
    timeLimit: timeLimitProp,
    settings: settingsProp,
  },
  outputSchema: {
    fields: [
      { key: 'file', label: 'File', format: 'url' },
      { key: 'fileName', label: 'File name' },
      { key: 'count', label: 'Number of rows', format: 'number' },
      { key: 'bytes', label: 'Size', format: 'filesize' },
      {
        key: 'files',
        label: 'All files',
        listItems: [
          { key: 'file', label: 'File', format: 'url' },
          { key: 'fileName', label: 'File name' },
          { key: 'rows', label: 'Rows', format: 'number' },
          { key: 'bytes', label: 'Size', format: 'filesize' },
        ],
      },
    ],
  },
  async run({ auth, propsValue, files }) {
    const options = parseInput('Query to File', propsValue, optionsSchema);
    const target = options.uploadUrl === undefined ? undefined : uploadTarget(options.uploadUrl);
    const written: WrittenFile[] = [];
    await withDatabase(auth.props, (database) =>
      database.stream(
        {
          sql: statementOf(propsValue.sql),
          params: parseParameters(propsValue),
          settings: parseSettings(propsValue.settings),
          format: FORMATS[options.format].clickhouse,
          ...parseInput('Time limit', propsValue.timeLimit, timeLimitSchema),
        },
        async (stream) => {
          if (target === undefined) await writeFiles(stream, options, files, written);
          else written.push(await uploadFile(stream, options, target));
        },
      ),
    );
    const [first] = written;
    const counted = written.every(({ rows }) => rows !== null);
    return {
      file: first?.file ?? null,
      fileName: first?.fileName ?? null,
      count: counted ? written.reduce((sum, { rows }) => sum + (rows ?? 0), 0) : null,
      bytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
      files: written,
    };
  },
});

function uploadTarget(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new BizError('BIZ_INPUT_INVALID', '"Upload URL" does not begin with http:// or https://.');
}

async function uploadFile(
  stream: Readable,
  { format, fileName }: Options,
  target: URL,
): Promise<WrittenFile> {
  const bytes = await upload(stream, target);
  return {
    // Without the query, which holds the signature.
    file: `${target.origin}${target.pathname}`,
    fileName: `${fileName}.${FORMATS[format].ending}`,
    bytes,
    rows: null,
  };
}

async function writeFiles(
  stream: Readable,
  options: Options,
  files: FilesService,
  written: WrittenFile[],
): Promise<void> {
  const writer = writerFor(options);
  const keep = async ({ data, rows }: FilePart) => {
    const packed = options.gzip && options.format !== 'parquet';
    const number = written.length === 0 ? '' : `-${written.length + 1}`;
    const fileName = `${options.fileName}${number}.${FORMATS[options.format].ending}${packed ? '.gz' : ''}`;
    const content = packed ? gzipSync(data) : data;
    written.push({
      file: await files.write({ fileName, data: content }),
      fileName,
      bytes: content.length,
      rows: rows ?? null,
    });
  };
  const chunks: AsyncIterable<Buffer> = stream;
  for await (const chunk of chunks) {
    const part = writer.write(chunk);
    if (part) await keep(part);
  }
  const last = writer.end();
  if (last) await keep(last);
}

function writerFor({ format, maxFileMb: maxBytes }: Options) {
  if (format !== 'parquet') {
    return createRowPartWriter({ quotes: format === 'csv', header: format === 'csv', maxBytes });
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  return {
    write(chunk: Buffer): undefined {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new BizError(
          'BIZ_CLICKHOUSE_FILE_TOO_LARGE',
          `The file would be larger than ${maxBytes / MEGABYTE} MB.`,
          {
            hint: 'A Parquet file cannot be cut: raise "Largest file", give an upload URL, or take CSV or JSON Lines.',
          },
        );
      }
      parts.push(chunk);
      return undefined;
    },
    end: (): FilePart => ({ data: Buffer.concat(parts), rows: undefined }),
  };
}
