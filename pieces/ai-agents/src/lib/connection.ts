import { BizError, createConnectionParser } from '@bizstack/piece-common';
import { z } from 'zod';

const text = z
  .string()
  .trim()
  .nullish()
  .transform((value) => (value === '' || value === null ? undefined : value));

const connectionSchema = z.object({
  provider: z.enum(['none', 'openai', 'anthropic', 'openai-compatible']).default('none'),
  model: text,
  apiKey: text,
  baseUrl: text,
  embeddingsUrl: text,
  embeddingsModel: text,
  embeddingsApiKey: text,
  qdrantUrl: text,
  qdrantApiKey: text,
  postgresUrl: text,
  allowedHosts: text,
  autogenUrl: text,
  autogenToken: text,
});
export type Connection = Readonly<z.output<typeof connectionSchema>>;

const parse = createConnectionParser(connectionSchema);

/**
 * The values of a connection; an action that needs none may run without one.
 * @throws BizError `BIZ_INPUT_INVALID`
 */
export function readConnection(auth: { props: unknown } | undefined): Connection {
  return parse(auth?.props ?? {});
}

/** The values of a connection that is being made. @throws BizError `BIZ_INPUT_INVALID` */
export function parseConnection(props: unknown): Connection {
  return parse(props);
}

/** Values that must not reach a model, a message or a page. */
export function secretsOf(connection: Connection): string[] {
  const { apiKey, embeddingsApiKey, qdrantApiKey, postgresUrl, autogenToken } = connection;
  return [apiKey, embeddingsApiKey, qdrantApiKey, autogenToken, postgresUrl, passwordOf(postgresUrl)].flatMap(
    (secret) => (secret === undefined || secret === '' ? [] : [secret]),
  );
}

/** {@link secretsOf} for values that may be wrong. */
export function secretsIn(props: Readonly<Record<string, unknown>>): string[] {
  const read = connectionSchema.safeParse(props);
  return read.success
    ? secretsOf(read.data)
    : Object.values(props).flatMap((value) => (typeof value === 'string' && value.length > 5 ? [value] : []));
}

function passwordOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return decodeURIComponent(new URL(url).password);
}

/** @throws BizError `BIZ_AI_NOT_CONFIGURED` naming the part of the connection that an action needs. */
export function notConfigured(part: string, hint: string): BizError {
  return new BizError('BIZ_AI_NOT_CONFIGURED', `The connection has no ${part}.`, { hint });
}

/** The AutoGen service. @throws BizError `BIZ_AI_NOT_CONFIGURED` */
export function autogenOf({ autogenUrl, autogenToken }: Connection): { url: string; token: string } {
  if (autogenUrl === undefined || autogenToken === undefined) {
    throw notConfigured('AutoGen service', 'Fill in the AutoGen URL and token there, or choose LangGraph.');
  }
  return { url: autogenUrl, token: autogenToken };
}
