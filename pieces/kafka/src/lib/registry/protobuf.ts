import { BizError } from '@bizstack/piece-common';
import { common, type Namespace, parse, Root, Type } from 'protobufjs';
import type { ResolvedSchema, Serde } from './schema';
import { unfit } from './schema';
import { problemsOf } from './protobuf-check';
import { registerTimestamp, withTimes } from './protobuf-time';
import { readMessageIndexes, writeMessageIndexes } from './wire';

/** How messages become JSON: 64-bit integers and enums as text, bytes as Base64, names as in the schema. */
const AS_JSON = { longs: String, enums: String, bytes: String, defaults: true, arrays: true, objects: true };

registerTimestamp();

/**
 * Protobuf through its message indexes.
 * @param messageType name of the message to write, with or without package; the first one if not given.
 */
export function protobufSerde({ schema, references }: ResolvedSchema, messageType?: string): Serde {
  const root = new Root();
  for (const name of importsOf([schema, ...references.map((reference) => reference.schema)])) {
    const known = common.get(name);
    if (known?.nested) root.addJSON(known.nested);
  }
  for (const reference of references) parse(reference.schema, root, { keepCase: true });
  parse(schema, root, { keepCase: true });
  root.resolveAll();
  const messages = messagesOf(schema);
  const typeAt = new Map<string, Type>();

  function typeOf(indexes: readonly number[]): Type {
    const key = indexes.join('.');
    const known = typeAt.get(key);
    if (known) return known;
    const message = messages.find((candidate) => candidate.indexes.join('.') === key);
    if (!message) {
      throw new BizError('BIZ_KAFKA_VALUE_UNREADABLE', `The schema has no message at position ${key}.`);
    }
    const type = root.lookupType(message.name);
    typeAt.set(key, type);
    return type;
  }

  return {
    decode(payload): unknown {
      const { indexes, rest } = readMessageIndexes(payload);
      const type = typeOf(indexes);
      return type.toObject(type.decode(rest), AS_JSON);
    },
    encode(value) {
      const { indexes } = chosen(messages, messageType);
      const type = typeOf(indexes);
      const problems = problemsOf(type, value);
      if (problems.length > 0) throw unfit(problems);
      const message = type.fromObject(withTimes(type, value) as Record<string, unknown>);
      const wrong = type.verify(message);
      if (wrong !== null) throw unfit([wrong]);
      return Buffer.concat([writeMessageIndexes(indexes), type.encode(message).finish()]);
    },
  };
}

interface DeclaredMessage {
  /** With package. */
  readonly name: string;
  readonly indexes: readonly number[];
}

/** The messages of a schema in the order of their declaration, parsed alone so that references do not count. */
function messagesOf(schema: string): DeclaredMessage[] {
  const { root, package: packageName } = parse(schema, new Root(), { keepCase: true });
  const scope = packageName === undefined ? root : root.lookup(packageName);
  const found: DeclaredMessage[] = [];
  const collect = (parent: Namespace, path: readonly number[]) => {
    parent.nestedArray
      .filter((entry): entry is Type => entry instanceof Type)
      .forEach((type, index) => {
        found.push({ name: type.fullName, indexes: [...path, index] });
        collect(type, [...path, index]);
      });
  };
  if (scope) collect(scope as Namespace, []);
  return found;
}

function chosen(messages: readonly DeclaredMessage[], wanted: string | undefined): DeclaredMessage {
  const [first] = messages;
  const found =
    wanted === undefined
      ? first
      : messages.find(({ name }) => name === `.${wanted}` || name.endsWith(`.${wanted}`));
  if (found) return found;
  throw new BizError(
    'BIZ_KAFKA_SCHEMA_MESSAGE_UNKNOWN',
    wanted === undefined ? 'The schema declares no message.' : `The schema declares no message "${wanted}".`,
    { hint: `Its messages: ${messages.map(({ name }) => name.slice(1)).join(', ') || 'none'}.` },
  );
}

function importsOf(schemas: readonly string[]): Set<string> {
  return new Set(
    schemas
      .flatMap((schema) => [...schema.matchAll(/^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"/gm)])
      .map(([, name = '']) => name),
  );
}
