import { readFileSync } from 'node:fs';
import { AppConnectionType } from '@activepieces/shared';
import { z } from 'zod';
import { type ContextAuth } from '../context/auth';
import { BizError } from '../errors';

const base = {
  externalId: z.string().min(1),
  displayName: z.string().optional(),
  pieceName: z.string().optional(),
};

const connectionSchema = z.discriminatedUnion('type', [
  z.looseObject({ ...base, type: z.literal('CUSTOM_AUTH'), props: z.record(z.string(), z.unknown()) }),
  z.looseObject({ ...base, type: z.literal('SECRET_TEXT'), secret_text: z.string() }),
  z.looseObject({ ...base, type: z.literal('BASIC_AUTH'), username: z.string(), password: z.string() }),
]);

export interface Connections {
  readonly ids: ReadonlySet<string>;
  get(id: string): ContextAuth | undefined;
  /** Values that must not appear in a log. */
  readonly secrets: readonly unknown[];
}

/** Custom props that tell where a server is rather than how to get in. */
const PUBLIC_PROP =
  /^(brokers|host|port|url|database|user|username|account|model|provider|.*(Url|Host|Port|Mode|Mechanism|Id))$/;

const PLACEHOLDER = /\$\{([A-Z][A-Z0-9_]*)\}/g;

/**
 * Reads a connections file: a list of `{ externalId, type, … }`. `${NAME}` is replaced from `environment`.
 * @throws BizError `BIZ_CONNECTIONS_INVALID` naming the entry, `BIZ_CONNECTIONS_PLACEHOLDER` naming the variable.
 */
export function loadConnections(
  file: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Connections {
  if (file === undefined) return toConnections([]);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    // The cause is not shown: a JSON error quotes the file, and the file holds secrets.
    throw new BizError('BIZ_CONNECTIONS_INVALID', `${file} cannot be read as JSON.`, {
      hint: 'It is a list of { "externalId", "type": "CUSTOM_AUTH", "props" }.',
      details: { reason: cause instanceof SyntaxError ? 'syntax' : 'file' },
    });
  }
  const list = z.array(connectionSchema).safeParse(resolvePlaceholders(file, parsed, environment));
  if (!list.success) {
    throw new BizError('BIZ_CONNECTIONS_INVALID', `${file}: ${z.prettifyError(list.error)}`, {
      hint: 'Known types: CUSTOM_AUTH with props, SECRET_TEXT with secret_text, BASIC_AUTH with username and password.',
    });
  }
  return toConnections(list.data);
}

function toConnections(list: Array<z.infer<typeof connectionSchema>>): Connections {
  const values = new Map<string, ContextAuth>();
  const secrets: unknown[] = [];
  for (const entry of list) {
    switch (entry.type) {
      case 'CUSTOM_AUTH':
        values.set(entry.externalId, { type: AppConnectionType.CUSTOM_AUTH, props: entry.props });
        secrets.push(
          Object.entries(entry.props).flatMap(([name, value]) => (PUBLIC_PROP.test(name) ? [] : [value])),
        );
        break;
      case 'SECRET_TEXT':
        values.set(entry.externalId, { type: AppConnectionType.SECRET_TEXT, secret_text: entry.secret_text });
        secrets.push(entry.secret_text);
        break;
      case 'BASIC_AUTH': {
        const { username, password } = entry;
        values.set(entry.externalId, { type: AppConnectionType.BASIC_AUTH, username, password });
        secrets.push(password);
        break;
      }
    }
  }
  return { ids: new Set(values.keys()), get: (id) => values.get(id), secrets };
}

function resolvePlaceholders(file: string, value: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(PLACEHOLDER, (_match, name: string) => {
      const found = environment[name];
      if (found !== undefined) return found;
      throw new BizError('BIZ_CONNECTIONS_PLACEHOLDER', `${file} needs the environment variable ${name}.`, {
        hint: 'Set it, or write the value into a copy of the file with mode 0600.',
      });
    });
  }
  if (Array.isArray(value)) return value.map((item: unknown) => resolvePlaceholders(file, item, environment));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, resolvePlaceholders(file, item, environment)]),
    );
  }
  return value;
}
