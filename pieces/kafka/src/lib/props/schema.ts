import { Property } from '@activepieces/pieces-framework';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { SchemaChoice } from '../registry/registry';
import { SCHEMA_TYPES } from '../registry/schema';

/** Which schema of the Schema Registry values are written with. */
export const schemaProps = {
  schemaSubject: Property.ShortText({
    displayName: 'Schema subject',
    description: 'For the Schema Registry. The topic followed by -value if empty.',
    required: false,
  }),
  schemaVersion: Property.ShortText({
    displayName: 'Schema version',
    description: 'For the Schema Registry: a number or "latest" (also if empty).',
    required: false,
  }),
  schemaId: Property.Number({
    displayName: 'Schema ID',
    description: 'For the Schema Registry: this schema, whatever its subject.',
    required: false,
  }),
  newSchema: Property.LongText({
    displayName: 'New schema',
    description:
      'For the Schema Registry: a schema to register under the subject when it is not there yet. Leave it empty to use a registered one.',
    required: false,
  }),
  newSchemaType: Property.StaticDropdown<(typeof SCHEMA_TYPES)[number], false>({
    displayName: 'Type of the new schema',
    description: 'For a new schema.',
    required: false,
    defaultValue: 'AVRO',
    options: {
      options: [
        { label: 'Avro', value: 'AVRO' },
        { label: 'JSON Schema', value: 'JSON' },
        { label: 'Protobuf', value: 'PROTOBUF' },
      ],
    },
  }),
  newSchemaReferences: Property.Json({
    displayName: 'References of the new schema',
    description: 'For a new schema: a list of {name, subject, version} that it refers to.',
    required: false,
  }),
  schemaMessage: Property.ShortText({
    displayName: 'Protobuf message',
    description:
      'For Protobuf schemas with several messages: the name of the one to write. The first if empty.',
    required: false,
  }),
};

const text = z
  .string()
  .nullish()
  .transform((value) => value?.trim() || undefined);

const schemaSettings = z.object({
  schemaSubject: text,
  schemaVersion: z
    .union([z.literal('latest'), z.literal(''), z.coerce.number().int().min(1)])
    .nullish()
    .transform((version) => (version ? version : ('latest' as const))),
  schemaId: z.number().int().min(0).nullish(),
  newSchema: text,
  newSchemaType: z
    .enum(SCHEMA_TYPES)
    .nullish()
    .transform((type) => type ?? 'AVRO'),
  schemaMessage: text,
});

const referencesSchema = z
  .array(z.strictObject({ name: z.string().min(1), subject: z.string().min(1), version: z.number().int() }))
  .nullish()
  .transform((references) => references ?? []);

/** @throws BizError `BIZ_INPUT_INVALID`, also when a new schema and an id are given together. */
export function parseSchemaChoice(
  propsValue: { readonly newSchemaReferences?: unknown },
  topic: string,
): { schema: SchemaChoice; messageType: string | undefined } {
  const values = parseInput('Schema', propsValue, schemaSettings);
  const subject = values.schemaSubject ?? `${topic}-value`;
  const { schemaId, newSchema, schemaMessage: messageType } = values;
  if (newSchema !== undefined) {
    if (schemaId !== undefined && schemaId !== null) {
      throw new BizError('BIZ_INPUT_INVALID', '"Schema ID" and "New schema" exclude each other.', {
        hint: 'Leave one of them empty.',
      });
    }
    const references = parseJsonProp('References', propsValue.newSchemaReferences, referencesSchema);
    return {
      schema: {
        by: 'register',
        subject,
        schema: { type: values.newSchemaType, schema: newSchema, references },
      },
      messageType,
    };
  }
  const schema: SchemaChoice =
    schemaId === undefined || schemaId === null
      ? { by: 'version', subject, version: values.schemaVersion }
      : { by: 'id', id: schemaId };
  return { schema, messageType };
}
