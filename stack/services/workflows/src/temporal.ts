import { BizError, messageOf } from '@bizstack/contracts';
import { type NativeConnection } from '@temporalio/worker';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from './client';
import type { Settings } from './config';

type Options = Parameters<typeof NativeConnection.connect>[0];

/** Address, TLS and key, as both kinds of connection take them. */
export function connectionOptions(settings: Settings): NonNullable<Options> {
  const { TEMPORAL_TLS_CA: ca, TEMPORAL_TLS_CERT: crt, TEMPORAL_TLS_KEY: key } = settings;
  const secure =
    settings.TEMPORAL_TLS === 'true' || settings.TEMPORAL_API_KEY !== undefined || ca !== undefined;
  return {
    address: settings.TEMPORAL_ADDRESS,
    ...(settings.TEMPORAL_API_KEY === undefined ? {} : { apiKey: settings.TEMPORAL_API_KEY }),
    tls: secure
      ? {
          ...(ca === undefined ? {} : { serverRootCACertificate: Buffer.from(ca) }),
          ...(crt === undefined || key === undefined
            ? {}
            : { clientCertPair: { crt: Buffer.from(crt), key: Buffer.from(key) } }),
        }
      : false,
  };
}

const { IndexedValueType } = temporal.api.enums.v1;

const TYPES = {
  [SEARCH_ATTRIBUTES.waitingFor]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [SEARCH_ATTRIBUTES.stage]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [SEARCH_ATTRIBUTES.subject]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [SEARCH_ATTRIBUTES.amount]: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
  [SEARCH_ATTRIBUTES.dueAt]: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
};

/** Of gRPC. */
const ALREADY_EXISTS = 6;
const UNIMPLEMENTED = 12;

/**
 * Registers the search attributes that are missing.
 * @throws BizError `BIZ_WORKFLOWS_SEARCH_ATTRIBUTES` when this account may not: without them no workflow can run
 */
export async function registerSearchAttributes(settings: Settings): Promise<void> {
  const connection = await Connection.connect(connectionOptions(settings));
  const namespace = settings.TEMPORAL_NAMESPACE;
  try {
    const known = await knownAttributes(connection, namespace);
    const missing = Object.entries(TYPES).filter(([name]) => !known.has(name));
    if (missing.length === 0) return;
    try {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing),
      });
    } catch (error) {
      // Another worker was faster.
      if (codeOf(error) !== ALREADY_EXISTS) throw error;
    }
  } catch (cause) {
    throw new BizError(
      'BIZ_WORKFLOWS_SEARCH_ATTRIBUTES',
      `The search attributes of namespace "${namespace}" could not be registered: ${messageOf(cause)}.`,
      {
        cause,
        hint: `Register them once: ${Object.entries(TYPES)
          .map(([name, type]) => `${name} (${IndexedValueType[type].replace('INDEXED_VALUE_TYPE_', '')})`)
          .join(', ')}.`,
      },
    );
  } finally {
    await connection.close();
  }
}

/** Temporal's test server can add attributes and not list them. */
async function knownAttributes(connection: Connection, namespace: string): Promise<ReadonlySet<string>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return new Set(Object.keys(customAttributes));
  } catch (error) {
    if (codeOf(error) === UNIMPLEMENTED) return new Set();
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
