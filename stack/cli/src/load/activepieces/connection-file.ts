import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import { readJsonFile } from '../json-file';
import { type Variables, resolvePlaceholders } from '../placeholders';

const identity = {
  externalId: z.string().min(1),
  displayName: z.string().min(1),
  pieceName: z.string().min(1),
};

const props = z.record(z.string(), z.unknown());

const connectionFile = z.array(
  z.discriminatedUnion('type', [
    z.object({ ...identity, type: z.literal('CUSTOM_AUTH'), props }),
    z.object({ ...identity, type: z.literal('SECRET_TEXT'), props: z.object({ secret_text: z.string() }) }),
    z.object({
      ...identity,
      type: z.literal('BASIC_AUTH'),
      props: z.object({ username: z.string(), password: z.string() }),
    }),
  ]),
);

export type ConnectionSource = z.infer<typeof connectionFile>[number];

/**
 * Connections of a file, placeholders filled.
 *
 * @throws BIZ_LOAD_CONNECTION_FILE when its shape is wrong, BIZ_LOAD_PLACEHOLDER when a value is missing
 */
export async function readConnectionFile(file: string, variables: Variables): Promise<ConnectionSource[]> {
  const resolved = resolvePlaceholders(await readJsonFile(file), variables, file);
  const parsed = connectionFile.safeParse(resolved);
  if (!parsed.success) {
    throw new BizError(
      'BIZ_LOAD_CONNECTION_FILE',
      `${file} is not a list of connections: ${z.prettifyError(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

/** The value that the server stores, in the shape of its connection type. */
export function valueOf({ type, props: fields }: ConnectionSource): unknown {
  return type === 'CUSTOM_AUTH' ? { type, props: fields } : { type, ...fields };
}

const SECRET_NAME = /pass|secret|token|key|credential|private/i;

/** The values that must not stand in a message: those whose name says so. */
export function secretsOf(value: unknown, name = ''): string[] {
  if (typeof value === 'string') {
    return SECRET_NAME.test(name) ? [value] : [];
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, item]) => secretsOf(item, SECRET_NAME.test(name) ? name : key))
    : [];
}
