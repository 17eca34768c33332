import { BizError } from '@bizstack/piece-common';
import Ajv from 'ajv';
import Ajv2019 from 'ajv/dist/2019';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { ResolvedSchema, Serde } from './schema';
import { unfit } from './schema';

/** JSON; what is written is checked against the schema, what is read is taken as its producer checked it. */
export function jsonSerde({ id, schema, references }: ResolvedSchema): Serde {
  const parsed = parseSchema(schema);
  const ajv = new (draftOf(id, parsed))({ strict: false, allErrors: true, addUsedSchema: false });
  addFormats(ajv);
  for (const reference of references) ajv.addSchema(parseSchema(reference.schema), reference.name);
  const validate = ajv.compile(parsed);
  return {
    decode: (payload): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)),
    encode(value) {
      if (!validate(value)) {
        const problems = (validate.errors ?? []).map(
          ({ instancePath, message = 'is not valid', params }) =>
            `${instancePath || 'the value'} ${message}${nameIn(params)}`,
        );
        throw unfit(problems);
      }
      return Buffer.from(JSON.stringify(value));
    },
  };
}

type JsonSchema = Record<string, unknown> | boolean;

function parseSchema(text: string): JsonSchema {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed === 'boolean') return parsed;
  if (typeof parsed !== 'object' || parsed === null) throw new Error('it is not a JSON Schema');
  return { ...parsed };
}

function draftOf(id: number, schema: JsonSchema): typeof Ajv | typeof Ajv2019 | typeof Ajv2020 {
  const draft = typeof schema === 'object' && typeof schema['$schema'] === 'string' ? schema['$schema'] : '';
  if (draft.includes('2020-12')) return Ajv2020;
  if (draft.includes('2019-09')) return Ajv2019;
  if (/draft-0[346]/.test(draft)) {
    throw new BizError('BIZ_KAFKA_SCHEMA_UNSUPPORTED', `Schema ${id} is written in ${draft}.`, {
      hint: 'Register it as draft-07, 2019-09 or 2020-12.',
    });
  }
  return Ajv;
}

function nameIn(params: Record<string, unknown>): string {
  const name = params['additionalProperty'] ?? params['unevaluatedProperty'];
  return typeof name === 'string' ? ` (${name})` : '';
}
