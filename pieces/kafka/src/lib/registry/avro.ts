import { Type, types } from 'avsc';
import { messageOf } from '@bizstack/piece-common';
import {
  Base64Type,
  DateType,
  DecimalType,
  longType,
  TimestampMicrosType,
  TimestampMillisType,
} from './avro-types';
import type { ResolvedSchema, Serde } from './schema';
import { unfit } from './schema';

type SchemaText = Parameters<typeof Type.forSchema>[0];
type SchemaOptions = NonNullable<Parameters<typeof Type.forSchema>[1]>;

const LOGICAL_TYPES = {
  decimal: DecimalType,
  date: DateType,
  'timestamp-millis': TimestampMillisType,
  'timestamp-micros': TimestampMicrosType,
  'local-timestamp-millis': TimestampMillisType,
  'local-timestamp-micros': TimestampMicrosType,
};

/**
 * Avro to and from what JSON can say: `long` is a number while that is exact and text beyond, `bytes` and
 * `fixed` are Base64, `decimal` is text, dates and timestamps are ISO 8601. A union is written plainly unless
 * its branches cannot be told apart; then it is `{ "<branch>": value }`.
 */
export function avroSerde({ schema, references }: ResolvedSchema): Serde {
  const registry: Record<string, Type> = {};
  for (const reference of references) compile(reference.schema, registry);
  const type = compile(schema, registry);
  return {
    decode: (payload): unknown => type.fromBuffer(payload),
    encode(value) {
      const problems = problemsOf(type, value);
      if (problems.length > 0) throw unfit(problems);
      return type.toBuffer(value);
    },
  };
}

function compile(text: string, registry: Record<string, Type>): Type {
  // The name of a primitive may stand without quotes, as Java's tools accept it.
  const schema: unknown = /^\s*[a-z]+\s*$/.test(text) ? text.trim() : JSON.parse(text);
  return Type.forSchema(schema as SchemaText, {
    registry,
    wrapUnions: 'auto',
    logicalTypes: LOGICAL_TYPES,
    typeHook,
  });
}

const NUMBERS = new Set<unknown>(['int', 'long', 'float', 'double']);

function typeHook(schema: SchemaText, options: SchemaOptions): Type | undefined {
  if (Array.isArray(schema)) {
    // A number fits several of these branches, so that it has to say which one it means.
    const numbers = schema.filter((branch) => NUMBERS.has(describe(branch).type));
    if (numbers.length < 2 || !numbers.some((branch) => describe(branch).type === 'long')) return undefined;
    return new types.WrappedUnionType(schema, options);
  }
  const { type, logicalType } = describe(schema);
  if (logicalType !== undefined && Object.hasOwn(LOGICAL_TYPES, logicalType)) return undefined;
  if (type === 'long') return longType;
  if (type !== 'bytes' && type !== 'fixed') return undefined;
  const { typeHook: _hook, ...rest } = options;
  return new Base64Type(type === 'bytes' ? { type } : schema, rest);
}

function describe(schema: unknown): { type: unknown; logicalType: string | undefined } {
  if (typeof schema !== 'object' || schema === null) return { type: schema, logicalType: undefined };
  return {
    type: 'type' in schema ? schema.type : undefined,
    logicalType:
      'logicalType' in schema && typeof schema.logicalType === 'string' ? schema.logicalType : undefined,
  };
}

function problemsOf(type: Type, value: unknown): string[] {
  const problems: string[] = [];
  try {
    type.isValid(value, {
      noUndeclaredFields: true,
      errorHook: (path: readonly string[], found: unknown, expected: Type) => {
        const place = path.join('.') || 'the value';
        const unknown = undeclared(found, expected);
        problems.push(
          found === undefined
            ? `${place} is missing`
            : unknown.length > 0
              ? `${place} has fields that the schema does not know: ${unknown.join(', ')}`
              : `${place} is not ${nameOf(expected)}`,
        );
      },
    });
  } catch (error) {
    // A union whose branches all take the value.
    problems.push(messageOf(error));
  }
  return problems;
}

function undeclared(found: unknown, expected: Type): string[] {
  if (!(expected instanceof types.RecordType) || typeof found !== 'object' || found === null) return [];
  const known = new Set(expected.fields.map(({ name }) => name));
  return Object.keys(found).filter((name) => !known.has(name));
}

function nameOf(type: Type): string {
  return type.name ?? type.typeName.replace(/^(?:abstract|logical|union):/, '');
}
