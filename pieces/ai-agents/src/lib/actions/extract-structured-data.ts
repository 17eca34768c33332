import { createAction, Property } from '@activepieces/pieces-framework';
import { parseJsonProp, jsonObjectSchema } from '@bizstack/piece-common';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { schemaFromJson } from '../json-schema';
import { ask, readText } from '../model';
import { usageField } from '../output-fields';
import { instructionsProp, textProp } from '../props';

export const extractStructuredDataAction = createAction({
  name: 'extract_structured_data',
  auth: aiAgentsAuth,
  displayName: 'Extract Structured Data',
  description: 'Takes data out of a text by a JSON schema; a wrong result is given back to the model once',
  audience: 'both',
  aiMetadata: {
    description:
      'Extract data from a text as JSON that is valid against the given JSON schema. Changes nothing.',
    idempotent: true,
  },
  props: {
    text: textProp,
    schema: Property.Json({
      displayName: 'JSON Schema',
      description:
        'Schema of an object, for example {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}.',
      required: true,
    }),
    instructions: instructionsProp,
  },
  outputSchema: { fields: [{ key: 'data', label: 'Data', description: 'Valid by the schema' }, usageField] },
  async run({ auth, propsValue }) {
    const schema = schemaFromJson(
      'JSON Schema',
      parseJsonProp('JSON Schema', propsValue.schema, jsonObjectSchema),
    );
    const { value, usage } = await ask(readConnection(auth), {
      task: [
        'Extract the data that the schema asks for from the text. Invent nothing: leave out what is optional and does not stand there.',
        propsValue.instructions ?? '',
      ].join('\n'),
      data: [{ source: 'text', text: readText('Text', propsValue.text, 200_000) }],
      schema,
    });
    return { data: value, usage };
  },
});
