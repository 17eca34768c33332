import { type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import type { ResolvedSchema, Serde } from './schema';
import { unfit } from './schema';

/** Keywords that only say that something below them does not fit; that has an entry of its own. */
const WRAPPERS = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
  'additionalItems',
  '$ref',
  'allOf',
  'if',
  'dependentSchemas',
]);

/** JSON; what is written is checked against the schema, what is read is taken as its producer checked it. */
export function jsonSerde({ schema, references }: ResolvedSchema): Serde {
  const parsed = parseSchema(schema);
  const validator = new Validator(parsed, draftOf(parsed), false);
  for (const { name, schema: text } of references) {
    const referenced = parseSchema(text);
    for (const id of idsOf(name, parsed.$id)) validator.addSchema({ ...referenced }, id);
    if (referenced.$id !== undefined) validator.addSchema(referenced);
  }
  return {
    decode: (payload): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)),
    encode(value) {
      const { valid, errors } = validator.validate(value);
      if (!valid) {
        const problems = errors
          .filter(({ keyword }) => !WRAPPERS.has(keyword))
          .map(
            ({ instanceLocation, keyword, error }) =>
              `${placeOf(instanceLocation)}: ${reasonOf(keyword, error)}`,
          );
        throw unfit(problems.length > 0 ? problems : ['the value is not valid']);
      }
      return Buffer.from(JSON.stringify(value));
    },
  };
}

function parseSchema(text: string): Schema {
  const parsed: unknown = JSON.parse(text);
  // `true` and `false` are schemas, too.
  if (typeof parsed === 'boolean') return parsed ? {} : { not: {} };
  if (typeof parsed !== 'object' || parsed === null) throw new Error('it is not a JSON Schema');
  return { ...parsed };
}

/** A reference is found by its name, and by its name seen from the schema that refers to it. */
function idsOf(name: string, base: string | undefined): string[] {
  return base !== undefined && URL.canParse(name, base) ? [name, new URL(name, base).href] : [name];
}

function draftOf({ $schema = '' }: Schema): SchemaDraft {
  if ($schema.includes('2020-12')) return '2020-12';
  if ($schema.includes('2019-09')) return '2019-09';
  return /draft-0[34]/.test($schema) ? '4' : '7';
}

function placeOf(location: string): string {
  return location === '#'
    ? 'the value'
    : decodeURIComponent(location.replace(/^#\//, '').replaceAll('/', '.'));
}

function reasonOf(keyword: string, error: string): string {
  return keyword === 'false' ? 'is not allowed' : error.replace(/\.$/, '');
}
