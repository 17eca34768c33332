import { createHash } from 'node:crypto';
import { BizError, messageOf, type TlsOptions, unreachableError, withRetry } from '@bizstack/piece-common';
import { z } from 'zod';
import { createJsonClient, type JsonClient } from './http';
import { type ReferencedSchema, type ResolvedSchema, SCHEMA_TYPES, type SchemaType } from './schema';

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json';
/** "latest" may change under us; a schema of an id never does. */
const LATEST_TTL_MS = 60_000;
const MAX_KEPT = 1_000;
const MAX_DEPTH = 20;

const referencesSchema = z
  .array(z.object({ name: z.string(), subject: z.string(), version: z.number().int() }))
  .nullish()
  .transform((references) => references ?? []);
const schemaTypeSchema = z
  .enum(SCHEMA_TYPES)
  .nullish()
  .transform((type) => type ?? 'AVRO');
const byIdSchema = z.object({
  schema: z.string(),
  schemaType: schemaTypeSchema,
  references: referencesSchema,
});
const versionSchema = byIdSchema.extend({ id: z.number().int() });
const registeredSchema = z.object({ id: z.number().int() });
const failureSchema = z.object({ error_code: z.number().optional(), message: z.string().optional() });

export type SchemaReference = z.output<typeof referencesSchema>[number];

export interface RegistryOptions {
  /** With path, where the registry has one; without credentials. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly tls: TlsOptions;
}

export interface NewSchema {
  readonly type: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** The part of the Confluent Schema Registry's REST API that reading and writing values needs, with a cache. */
export class RegistryClient {
  readonly #http: JsonClient;
  readonly #url: string;
  readonly #byId = new Map<string, Promise<ResolvedSchema>>();
  readonly #byVersion = new Map<string, { until: number; found: Promise<ResolvedSchema> }>();
  readonly #registered = new Map<string, Promise<ResolvedSchema>>();

  constructor({ url, username, password, token, tls }: RegistryOptions) {
    this.#url = url;
    const basic = username === undefined ? undefined : `${username}:${password ?? ''}`;
    const authorization =
      token !== undefined
        ? `Bearer ${token}`
        : basic !== undefined && `Basic ${Buffer.from(basic).toString('base64')}`;
    this.#http = createJsonClient({
      baseUrl: url,
      headers: authorization ? { authorization } : {},
      tls,
      contentType: CONTENT_TYPE,
    });
  }

  close(): void {
    this.#http.close();
  }

  /** Asks something harmless. @throws BizError when the registry cannot be used. */
  async check(): Promise<void> {
    await this.#ask('GET', '/schemas/types', z.unknown());
  }

  /** The schema that a value was written with. @throws BizError `BIZ_KAFKA_SCHEMA_UNKNOWN`, `BIZ_KAFKA_REGISTRY_…` */
  byId(id: number): Promise<ResolvedSchema> {
    return keep(this.#byId, String(id), async () => {
      const found = await this.#ask('GET', `/schemas/ids/${id}`, byIdSchema);
      return this.#resolve(id, found);
    });
  }

  /** The schema of a subject's version. @throws BizError as {@link byId} */
  async byVersion(subject: string, version: number | 'latest'): Promise<ResolvedSchema> {
    const key = `${subject}/${version}`;
    const known = this.#byVersion.get(key);
    if (known && known.until > Date.now()) return known.found;
    const found = this.#fetchVersion(subject, version).then(({ id, ...rest }) => this.#resolve(id, rest));
    if (this.#byVersion.size >= MAX_KEPT) this.#byVersion.clear();
    this.#byVersion.set(key, {
      until: version === 'latest' ? Date.now() + LATEST_TTL_MS : Number.POSITIVE_INFINITY,
      found,
    });
    found.catch(() => this.#byVersion.delete(key));
    return found;
  }

  /**
   * Registers a schema, or finds the same one under its subject.
   * @throws BizError `BIZ_KAFKA_SCHEMA_INCOMPATIBLE`, `BIZ_KAFKA_SCHEMA_INVALID`, `BIZ_KAFKA_REGISTRY_…`
   */
  register(subject: string, { type, schema, references }: NewSchema): Promise<ResolvedSchema> {
    const body = { schema, ...(type === 'AVRO' ? {} : { schemaType: type }), references };
    const key = `${subject}/${createHash('sha256').update(JSON.stringify(body)).digest('hex')}`;
    return keep(this.#registered, key, async () => {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const { id } = await this.#ask('POST', path, registeredSchema, body);
      return this.#resolve(id, { schema, schemaType: type, references: [...references] });
    });
  }

  #fetchVersion(subject: string, version: number | 'latest'): Promise<z.output<typeof versionSchema>> {
    return this.#ask('GET', `/subjects/${encodeURIComponent(subject)}/versions/${version}`, versionSchema);
  }

  async #resolve(
    id: number,
    { schema, schemaType, references }: z.output<typeof byIdSchema>,
  ): Promise<ResolvedSchema> {
    const found = new Map<string, ReferencedSchema>();
    await this.#collect(references, found, 0);
    return { id, type: schemaType, schema, references: [...found.values()] };
  }

  /** References before those that use them; each once. */
  async #collect(
    references: readonly SchemaReference[],
    found: Map<string, ReferencedSchema>,
    depth: number,
  ): Promise<void> {
    if (depth > MAX_DEPTH)
      throw new BizError('BIZ_KAFKA_SCHEMA_INVALID', 'The references of the schema never end.');
    for (const { name, subject, version } of references) {
      if (found.has(name)) continue;
      const referenced = await this.#fetchVersion(subject, version);
      await this.#collect(referenced.references, found, depth + 1);
      found.set(name, { name, schema: referenced.schema });
    }
  }

  async #ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    // Registering the same schema again gives the same id, so that every request may be repeated.
    return withRetry(async () => {
      const { status, body: answer } = await this.#http
        .request(method, path, body)
        .catch((cause: unknown) => Promise.reject(this.#unreachable(cause)));
      if (status < 200 || status > 299) throw this.#refused(status, path, answer);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw new BizError(
        'BIZ_KAFKA_REGISTRY_FAILED',
        `${this.#url} does not answer as a Schema Registry does.`,
        {
          hint: 'Check the URL; some registries serve this API below a path, for example /apis/ccompat/v7.',
          cause: parsed.error,
        },
      );
    });
  }

  #unreachable(cause: unknown): BizError {
    return (
      unreachableError({
        code: 'BIZ_KAFKA_REGISTRY_UNREACHABLE',
        where: `the Schema Registry at ${this.#url}`,
        cause,
      }) ??
      new BizError(
        'BIZ_KAFKA_REGISTRY_UNREACHABLE',
        `The Schema Registry at ${this.#url} failed: ${messageOf(cause)}.`,
        {
          cause,
          retryable: true,
        },
      )
    );
  }

  #refused(status: number, path: string, answer: unknown): BizError {
    const failure = failureSchema.safeParse(answer);
    const { error_code: code, message } = failure.success ? failure.data : {};
    const said = message === undefined ? '' : ` (${message.slice(0, 500)})`;
    const details = { status, errorCode: code };
    switch (status) {
      case 401:
        return new BizError('BIZ_KAFKA_REGISTRY_LOGIN', `The Schema Registry refused the login${said}.`, {
          hint: 'Check the registry user and password (or the API key and secret) of the connection.',
          details,
        });
      case 403:
        return new BizError(
          'BIZ_KAFKA_REGISTRY_NOT_AUTHORIZED',
          `The Schema Registry does not allow this${said}.`,
          {
            hint: 'Ask for the right to read (to register: write) the subject.',
            details,
          },
        );
      case 404:
        return code === undefined
          ? new BizError('BIZ_KAFKA_REGISTRY_FAILED', `${this.#url} has no ${path}.`, {
              hint: 'Check the URL; some registries serve this API below a path, for example /apis/ccompat/v7.',
              details,
            })
          : new BizError('BIZ_KAFKA_SCHEMA_UNKNOWN', `The Schema Registry has no ${nameOf(path)}${said}.`, {
              hint: 'Check subject, version and id, and that the connection uses the registry of the producer.',
              details,
            });
      case 409:
        return new BizError(
          'BIZ_KAFKA_SCHEMA_INCOMPATIBLE',
          `The new schema is not compatible with the registered ones${said}.`,
          {
            hint: "Give new fields a default, keep the others, or change the subject's compatibility.",
            details,
          },
        );
      case 422:
        return new BizError('BIZ_KAFKA_SCHEMA_INVALID', `The Schema Registry refused the schema${said}.`, {
          hint: 'Check the schema, its type and its references.',
          details,
        });
      default:
        return new BizError('BIZ_KAFKA_REGISTRY_FAILED', `The Schema Registry answered ${status}${said}.`, {
          retryable: status >= 500 || status === 429,
          details,
        });
    }
  }
}

function nameOf(path: string): string {
  const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
  const [, subject, version] = /^\/subjects\/([^/]+)\/versions\/?(.*)$/.exec(path) ?? [];
  if (id !== undefined) return `schema ${id}`;
  return subject === undefined ? path : `version ${version || 'latest'} of "${decodeURIComponent(subject)}"`;
}

/** One request for a key however many ask; failures are not kept. */
function keep<T>(cache: Map<string, Promise<T>>, key: string, load: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const oldest = cache.keys().next();
  if (cache.size >= MAX_KEPT && !oldest.done) cache.delete(oldest.value);
  const loading = load();
  cache.set(key, loading);
  loading.catch(() => cache.delete(key));
  return loading;
}
