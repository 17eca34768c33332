import { BizError, messageOf, unreachableError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { KafkaAuthValues } from '../config';
import { createJsonClient, type JsonClient } from '../registry/http';
import { type RegistrationInput, registeredSchema } from './contract';

/** The bridge waits until the deliveries of an older registration have ended. */
const TIMEOUT_MS = 120_000;

const failureSchema = z.object({ code: z.string().optional(), message: z.string() });
const urlSchema = z.url({ protocol: /^https?$/ });

/** The REST API of the kafka-bridge service. Every call may be repeated. */
export class BridgeClient {
  readonly #http: JsonClient;
  readonly #url: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#http = createJsonClient({
      baseUrl: url,
      headers: { authorization: `Bearer ${token}` },
      tls: {},
      contentType: 'application/json',
      timeoutMs: TIMEOUT_MS,
    });
  }

  close(): void {
    this.#http.close();
  }

  /** @throws BizError `BIZ_KAFKA_BRIDGE_…` when URL or token are wrong. */
  async check(): Promise<void> {
    await this.#ask('GET', '/v1/registrations', z.unknown());
  }

  /** Makes or replaces a registration; what the group has read stays read. */
  register(id: string, registration: RegistrationInput): Promise<z.output<typeof registeredSchema>> {
    return this.#ask('PUT', `/v1/registrations/${id}`, registeredSchema, registration);
  }

  /** Ends the deliveries; offsets are kept. Fine when it is gone already. */
  async unregister(id: string): Promise<void> {
    await this.#ask('DELETE', `/v1/registrations/${id}`, z.unknown());
  }

  async #ask<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const { status, body: answer } = await this.#http
      .request(method, path, body)
      .catch((cause: unknown) => Promise.reject(this.#unreachable(cause)));
    if (status < 200 || status > 299) throw this.#refused(status, answer);
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw this.#refused(status, undefined);
  }

  #unreachable(cause: unknown): BizError {
    return (
      unreachableError({
        code: 'BIZ_KAFKA_BRIDGE_UNREACHABLE',
        where: `the Kafka bridge at ${this.#url}`,
        cause,
      }) ??
      new BizError(
        'BIZ_KAFKA_BRIDGE_UNREACHABLE',
        `The Kafka bridge at ${this.#url} failed: ${messageOf(cause)}.`,
        {
          cause,
          retryable: true,
        },
      )
    );
  }

  #refused(status: number, answer: unknown): BizError {
    if (status === 401) {
      return new BizError('BIZ_KAFKA_BRIDGE_LOGIN', 'The Kafka bridge refused the token.', {
        hint: 'Check the Kafka bridge token of the connection.',
      });
    }
    const failure = failureSchema.safeParse(answer);
    return new BizError(
      'BIZ_KAFKA_BRIDGE_REFUSED',
      failure.success
        ? `The Kafka bridge refused: ${failure.data.message}`
        : `${this.#url} answered ${status}, not as a Kafka bridge does.`,
      {
        retryable: status >= 500,
        details: { status, ...(failure.success ? { code: failure.data.code } : {}) },
        ...(failure.success ? {} : { hint: 'Check the Kafka bridge URL of the connection.' }),
      },
    );
  }
}

/** Runs `work` with the bridge of a connection. @throws BizError */
export async function withBridge<T>(
  auth: KafkaAuthValues,
  work: (bridge: BridgeClient) => Promise<T>,
): Promise<T> {
  if (auth.bridgeUrl === undefined || auth.bridgeToken === undefined) {
    throw new BizError('BIZ_KAFKA_BRIDGE_MISSING', 'The connection has no Kafka bridge.', {
      hint: 'Write URL and token of the kafka-bridge service into the connection, or use the trigger "New Message".',
    });
  }
  if (!urlSchema.safeParse(auth.bridgeUrl).success) {
    throw new BizError('BIZ_KAFKA_BRIDGE_MISSING', 'The Kafka bridge URL is not an http or https URL.', {
      hint: 'Write it like http://kafka-bridge:8095.',
    });
  }
  const bridge = new BridgeClient(auth.bridgeUrl, auth.bridgeToken);
  try {
    return await work(bridge);
  } finally {
    bridge.close();
  }
}
