import { BizError, type BizErrorCode, messageOf } from '@bizstack/piece-common';

export const SCHEMA_TYPES = ['AVRO', 'JSON', 'PROTOBUF'] as const;
export type SchemaType = (typeof SCHEMA_TYPES)[number];

/** A schema that another one refers to, under the name that it uses. */
export interface ReferencedSchema {
  readonly name: string;
  readonly schema: string;
}

/** A schema with everything that it refers to, what others need first. */
export interface ResolvedSchema {
  readonly id: number;
  readonly type: SchemaType;
  readonly schema: string;
  readonly references: readonly ReferencedSchema[];
}

/** Reads and writes the payloads of one schema. */
export interface Serde {
  /** Throws on what the schema cannot read. */
  decode(payload: Buffer): unknown;
  /** @throws BizError `BIZ_KAFKA_VALUE_INVALID` naming the places that do not fit. */
  encode(value: unknown): Buffer;
}

/** The value does not fit the schema. `problems` name places and what was expected, never the value. */
export function unfit(problems: readonly string[]): BizError {
  const shown = problems.slice(0, 5).join('; ');
  const more = problems.length > 5 ? `; ${problems.length - 5} more` : '';
  return new BizError('BIZ_KAFKA_VALUE_INVALID', `The value does not fit the schema: ${shown}${more}.`, {
    hint: 'Change the value, or register a schema that allows it.',
  });
}

export function schemaError(code: BizErrorCode, schemaId: number, cause: unknown): BizError {
  return new BizError(code, `Schema ${schemaId} cannot be used: ${messageOf(cause)}.`, {
    hint: 'Check the schema and its references in the Schema Registry.',
    cause,
  });
}
