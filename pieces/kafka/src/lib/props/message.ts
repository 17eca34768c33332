import { Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { CompressionTypes } from 'kafkajs';
import { z } from 'zod';
import { type Format, FORMATS } from '../messages';

export const formatSchema = z
  .enum(FORMATS)
  .nullish()
  .transform((format) => format ?? 'json');

export const formatProp = (description: string) =>
  Property.StaticDropdown<Format, false>({
    displayName: 'Format',
    description,
    required: false,
    defaultValue: 'json',
    options: {
      options: [
        { label: 'JSON', value: 'json' },
        { label: 'Text', value: 'text' },
        { label: 'Binary (Base64)', value: 'binary' },
        { label: 'Avro, JSON Schema or Protobuf (Schema Registry)', value: 'registry' },
      ],
    },
  });

const ACKS = { all: -1, leader: 1, none: 0 } as const;

export const acksProp = Property.StaticDropdown<keyof typeof ACKS, false>({
  displayName: 'Acknowledgement',
  description:
    'Who must have stored the message before the step succeeds. With "All replicas" a repeated send is stored once.',
  required: false,
  defaultValue: 'all',
  options: {
    options: [
      { label: 'All replicas (safe)', value: 'all' },
      { label: 'Leader only', value: 'leader' },
      { label: 'Nobody (may be lost)', value: 'none' },
    ],
  },
});

const COMPRESSIONS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

export const compressionProp = Property.StaticDropdown<keyof typeof COMPRESSIONS, false>({
  displayName: 'Compression',
  description: 'Pays off for batches and large values.',
  required: false,
  defaultValue: 'none',
  options: {
    options: [
      { label: 'None', value: 'none' },
      { label: 'gzip', value: 'gzip' },
      { label: 'snappy', value: 'snappy' },
      { label: 'lz4', value: 'lz4' },
      { label: 'zstd (Node 22.15 or later)', value: 'zstd' },
    ],
  },
});

const acksSchema = z
  .enum(['all', 'leader', 'none'])
  .nullish()
  .transform((acks) => ACKS[acks ?? 'all']);
const compressionSchema = z
  .enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
  .nullish()
  .transform((compression) => COMPRESSIONS[compression ?? 'none']);

/** @throws (the returned function) BizError `BIZ_INPUT_INVALID` */
export const parseFormat = choiceParser('Format', formatSchema);
const parseAcks = choiceParser('Acknowledgement', acksSchema);
const parseCompression = choiceParser('Compression', compressionSchema);

/** How a producer is to send. @throws BizError `BIZ_INPUT_INVALID` */
export function parseDelivery(
  acks: unknown,
  compression: unknown,
): { acks: number; compression: CompressionTypes } {
  return { acks: parseAcks(acks), compression: parseCompression(compression) };
}

/** The values of a dropdown are few, so each is checked once. */
function choiceParser<T extends string | number>(name: string, schema: z.ZodType<T>): (value: unknown) => T {
  const known = new Map<unknown, T>();
  return (value) => {
    let choice = known.get(value);
    if (choice === undefined) known.set(value, (choice = parseInput(name, value, schema)));
    return choice;
  };
}

export const filtersProp = Property.Array({
  displayName: 'Filters',
  description: 'Only messages for which all of these hold.',
  required: false,
  properties: {
    source: Property.StaticDropdown({
      displayName: 'Look at',
      description: 'Part of the message.',
      required: true,
      options: {
        options: [
          { label: 'Key', value: 'key' },
          { label: 'Header', value: 'header' },
          { label: 'Value (JSON path)', value: 'value' },
        ],
      },
    }),
    path: Property.ShortText({
      displayName: 'Name or path',
      description: "Name of the header, or path in the value such as data.items[0].id or data['first name'].",
      required: false,
    }),
    operator: Property.StaticDropdown({
      displayName: 'Condition',
      description: 'How to compare. Numbers compare as numbers.',
      required: true,
      options: {
        options: [
          { label: 'equals', value: 'equals' },
          { label: 'does not equal', value: 'not_equals' },
          { label: 'contains', value: 'contains' },
          { label: 'starts with', value: 'starts_with' },
          { label: 'is greater than', value: 'greater_than' },
          { label: 'is less than', value: 'less_than' },
          { label: 'is one of (comma separated)', value: 'one_of' },
          { label: 'exists', value: 'exists' },
          { label: 'does not exist', value: 'not_exists' },
        ],
      },
    }),
    value: Property.ShortText({
      displayName: 'Compare with',
      description: 'Not needed for "exists".',
      required: false,
    }),
  },
});
