import { createAction, Property } from '@activepieces/pieces-framework';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { createTableSql, type Engine, ENGINES, type Partition, PARTITIONS } from '../create-table-sql';
import { formatTableName, parseTableName, quoteIdentifier } from '../identifiers';
import { type InferredColumn, inferColumns } from '../infer';

const optional = z
  .string()
  .nullish()
  .transform((text) => text?.trim() || undefined);

const flag = (otherwise: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? otherwise);

const optionsSchema = z.object({
  name: z.string().trim().min(1),
  objectsAs: z
    .enum(['JSON', 'String'])
    .nullish()
    .transform((type) => type ?? 'JSON'),
  engine: z
    .enum(ENGINES)
    .nullish()
    .transform((engine) => engine ?? 'MergeTree'),
  orderBy: z
    .array(z.unknown())
    .nullish()
    .transform((names) => (names ?? []).map((name) => String(name).trim()).filter((name) => name !== '')),
  versionColumn: optional,
  partitionBy: z
    .enum(PARTITIONS)
    .nullish()
    .transform((partition) => partition ?? 'none'),
  partitionColumn: optional,
  ttlColumn: optional,
  ttlDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .nullish()
    .transform((days) => days ?? undefined),
  deduplicationWindow: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .nullish()
    .transform((tokens) => tokens ?? 1_000),
  comment: optional,
  ifNotExists: flag(true),
  preview: flag(false),
});

const sampleSchema = z
  .union([z.array(jsonObjectSchema), jsonObjectSchema.transform((row) => [row])])
  .nullish()
  .transform((rows) => rows ?? []);

const columnsSchema = z
  .record(z.string(), z.string())
  .nullish()
  .transform((columns) => columns ?? {});

export const createTable = createAction({
  auth: clickhouseAuth,
  name: 'create_table',
  displayName: 'Create Table',
  description: 'Creates a table whose columns are given or found in sample rows.',
  audience: 'both',
  aiMetadata: {
    description:
      'Create a ClickHouse table. Columns come from sample rows, or are given as {name: type}, or both. Choose the engine and the sorting key. With "preview" it only returns the SQL.',
    idempotent: true,
  },
  props: {
    name: Property.ShortText({
      displayName: 'Name',
      description: 'table, or database.table.',
      required: true,
    }),
    sample: Property.Json({
      displayName: 'Sample rows',
      description: 'Objects such as those to be inserted; the types of the columns are found in them.',
      required: false,
    }),
    columns: Property.Json({
      displayName: 'Columns',
      description:
        'An object, names as keys and types as values, over what the sample shows: {"id": "UUID"}.',
      required: false,
    }),
    objectsAs: Property.StaticDropdown<'JSON' | 'String', false>({
      displayName: 'Type of objects',
      description: 'JSON keeps their fields apart and needs ClickHouse 25.3 or later.',
      required: false,
      defaultValue: 'JSON',
      options: {
        options: [
          { label: 'JSON', value: 'JSON' },
          { label: 'Text (String)', value: 'String' },
        ],
      },
    }),
    engine: Property.StaticDropdown<Engine, false>({
      displayName: 'Engine',
      description:
        'ReplacingMergeTree for rows that are written again; MergeTree for all that only comes in.',
      required: false,
      defaultValue: 'MergeTree',
      options: { options: ENGINES.map((engine) => ({ label: engine, value: engine })) },
    }),
    orderBy: Property.Array({
      displayName: 'Sorting key',
      description:
        'Columns by which rows are sorted and found; for ReplacingMergeTree those that make a row the same.',
      required: false,
    }),
    versionColumn: Property.ShortText({
      displayName: 'Version column',
      description: 'Only ReplacingMergeTree: the row with the highest value stays. The last one if empty.',
      required: false,
    }),
    partitionBy: Property.StaticDropdown<Partition, false>({
      displayName: 'Partition by',
      description: 'How data is divided for deleting and moving it in bulk.',
      required: false,
      defaultValue: 'none',
      options: {
        options: [
          { label: 'Nothing', value: 'none' },
          { label: 'Month', value: 'month' },
          { label: 'Day', value: 'day' },
          { label: 'Year', value: 'year' },
          { label: 'The value itself', value: 'value' },
        ],
      },
    }),
    partitionColumn: Property.ShortText({
      displayName: 'Partition column',
      description: 'A date or time, or a column of few values.',
      required: false,
    }),
    ttlColumn: Property.ShortText({
      displayName: 'Column of the age',
      description: 'A date or time that says how old a row is.',
      required: false,
    }),
    ttlDays: Property.Number({
      displayName: 'Delete after (days)',
      description: 'The server deletes older rows by itself. Kept for ever if empty.',
      required: false,
    }),
    deduplicationWindow: Property.Number({
      displayName: 'Remembered inserts',
      description: 'How many deduplication tokens the table remembers. 0 for none.',
      required: false,
      defaultValue: 1_000,
    }),
    comment: Property.ShortText({
      displayName: 'Comment',
      description: 'What the table is for.',
      required: false,
    }),
    ifNotExists: Property.Checkbox({
      displayName: 'If it does not exist',
      description: 'Leaves a table of this name as it is. Otherwise that is an error.',
      required: false,
      defaultValue: true,
    }),
    preview: Property.Checkbox({
      displayName: 'Preview',
      description: 'Only return the SQL.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'table', label: 'Table' },
      { key: 'sql', label: 'SQL' },
      {
        key: 'columns',
        label: 'Columns',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'type', label: 'Type' },
        ],
      },
      { key: 'created', label: 'Created', format: 'boolean' },
    ],
  },
  async run({ auth, propsValue }) {
    const options = parseInput('Create Table', propsValue, optionsSchema);
    const sample = parseJsonProp('Sample rows', propsValue.sample, sampleSchema);
    const given = parseJsonProp('Columns', propsValue.columns, columnsSchema);
    return withDatabase(auth.props, async (database) => {
      const { database: owner = database.name, table } = parseTableName(options.name);
      const columns = allColumns(sample, given, options);
      const sql = createTableSql({
        ...options,
        name: `${quoteIdentifier(owner)}.${quoteIdentifier(table)}`,
        columns,
      });
      const params = { database: owner, table };
      const existed = (
        await database.read({
          sql: 'SELECT 1 FROM system.tables WHERE database = {database:String} AND name = {table:String}',
          params,
        })
      ).rows.length;
      if (!options.preview) await database.execute({ sql });
      return { table: formatTableName(params), sql, columns, created: !options.preview && existed === 0 };
    });
  },
});

function allColumns(
  sample: readonly Record<string, unknown>[],
  given: Readonly<Record<string, string>>,
  { orderBy, versionColumn, partitionColumn, ttlColumn, objectsAs }: z.output<typeof optionsSchema>,
): InferredColumn[] {
  const required = [...orderBy, versionColumn, partitionColumn, ttlColumn].filter(
    (name) => name !== undefined,
  );
  const found = inferColumns(sample, { required, objectsAs });
  const more = Object.keys(given).filter((name) => !found.some((column) => column.name === name));
  return [
    ...found.map(({ name, type }) => ({ name, type: given[name] ?? type })),
    ...more.map((name) => ({ name, type: given[name] ?? '' })),
  ];
}
