// The file, not the package's index: that one loads the event schemas, which a piece does not need.
import { BizError, type BizErrorCode, isBizError, messageOf } from '@bizstack/contracts/dist/errors';

export {
  BizError,
  type BizErrorCode,
  type BizErrorOptions,
  isBizError,
  messageOf,
} from '@bizstack/contracts/dist/errors';

/** How far a connection got before it failed. */
export type ConnectionStep = 'name' | 'tcp' | 'tls' | 'authentication' | 'authorization' | 'request';

export interface NetworkFailure {
  readonly step: ConnectionStep;
  /** What happened, without a full stop; follows "Cannot reach <where>: ". */
  readonly reason: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** False when waiting does not help, for example a wrong certificate. */
  readonly retryable: boolean;
}

const NETWORK_FAILURES: Readonly<Record<string, NetworkFailure>> = {
  ENOTFOUND: failure(
    'name',
    'the host name is not known',
    'Check the spelling and that this name resolves where the engine runs.',
    false,
  ),
  EAI_AGAIN: failure(
    'name',
    'the name server does not answer',
    'Check the network and the DNS settings of the engine.',
    true,
  ),
  ECONNREFUSED: failure(
    'tcp',
    'the connection was refused',
    'Check the port, that the server runs, and that it listens on this address.',
    true,
  ),
  ECONNRESET: failure(
    'tcp',
    'the server closed the connection',
    'The server may expect TLS (or no TLS), or it may be restarting.',
    true,
  ),
  EPIPE: failure('tcp', 'the server closed the connection', 'The server may be restarting.', true),
  ETIMEDOUT: failure(
    'tcp',
    'the server did not answer in time',
    'Check the firewall between the engine and the server.',
    true,
  ),
  UND_ERR_CONNECT_TIMEOUT: failure(
    'tcp',
    'the server did not answer in time',
    'Check the firewall between the engine and the server.',
    true,
  ),
  EHOSTUNREACH: failure(
    'tcp',
    'there is no route to the host',
    'Check the address and the network of the engine.',
    true,
  ),
  ENETUNREACH: failure(
    'tcp',
    'there is no route to the network',
    'Check the address and the network of the engine.',
    true,
  ),
  EPROTO: failure('tls', 'the TLS handshake failed', 'The server may not speak TLS on this port.', false),
  DEPTH_ZERO_SELF_SIGNED_CERT: failure(
    'tls',
    'the certificate is self-signed',
    'Paste that certificate (or its authority) as the CA certificate of the connection.',
    false,
  ),
  SELF_SIGNED_CERT_IN_CHAIN: failure(
    'tls',
    'the certificate comes from an authority that is not trusted here',
    'Paste the certificate of that authority as the CA certificate of the connection.',
    false,
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: failure(
    'tls',
    'the certificate comes from an authority that is not trusted here',
    'Paste the certificate of that authority as the CA certificate of the connection.',
    false,
  ),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: failure(
    'tls',
    'the certificate comes from an authority that is not trusted here',
    'Paste the certificate of that authority as the CA certificate of the connection.',
    false,
  ),
  CERT_HAS_EXPIRED: failure(
    'tls',
    'the certificate has expired',
    'Renew the certificate of the server (or of the client).',
    false,
  ),
  CERT_NOT_YET_VALID: failure(
    'tls',
    'the certificate is not valid yet',
    'Check the clock of the engine and of the server.',
    false,
  ),
  ERR_TLS_CERT_ALTNAME_INVALID: failure(
    'tls',
    'the certificate is for another host name',
    'Use the host name that stands in the certificate.',
    false,
  ),
  ERR_SSL_WRONG_VERSION_NUMBER: failure(
    'tls',
    'the server does not speak TLS on this port',
    'Switch TLS off or use the TLS port.',
    false,
  ),
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: failure(
    'tls',
    'the server does not trust the client certificate',
    'Use a client certificate from an authority that the server trusts.',
    false,
  ),
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: failure(
    'tls',
    'the server asks for a client certificate',
    'Paste the client certificate and its private key.',
    false,
  ),
};

function failure(step: ConnectionStep, reason: string, hint: string, retryable: boolean): NetworkFailure {
  return { step, reason, hint, retryable };
}

/**
 * Recognises network and TLS failures in an error, its causes and its aggregated errors.
 * @returns undefined when the error is about something else.
 */
export function networkFailure(error: unknown, depth = 0): NetworkFailure | undefined {
  if (typeof error !== 'object' || error === null || depth > 6) return undefined;
  if ('code' in error && typeof error.code === 'string') {
    const known = NETWORK_FAILURES[error.code];
    if (known) return known;
    if (error.code.startsWith('ERR_SSL_') || error.code.startsWith('ERR_TLS_')) {
      return failure(
        'tls',
        `the TLS handshake failed (${error.code})`,
        'Check the TLS settings of the connection.',
        false,
      );
    }
  }
  if (error instanceof AggregateError) {
    for (const inner of error.errors) {
      const found = networkFailure(inner, depth + 1);
      if (found) return found;
    }
  }
  return 'cause' in error ? networkFailure(error.cause, depth + 1) : undefined;
}

export interface UnreachableOptions {
  /** For example `BIZ_KAFKA_UNREACHABLE`. */
  readonly code: BizErrorCode;
  /** Host and port or URL without credentials. */
  readonly where: string;
  readonly cause: unknown;
}

/** A readable error for a network failure, or undefined when `cause` is none. */
export function unreachableError({ code, where, cause }: UnreachableOptions): BizError | undefined {
  const found = networkFailure(cause);
  if (!found) return undefined;
  return new BizError(code, `Cannot reach ${where}: ${found.reason}.`, {
    hint: found.hint,
    cause,
    retryable: found.retryable,
    details: { step: found.step },
  });
}

/**
 * The text of an error for a person, with every given secret blanked. For `validate` of a connection and
 * for placeholders of dropdowns.
 */
export function userMessage(error: unknown, secrets: readonly (string | undefined)[] = []): string {
  const text = isBizError(error) ? `${error.message} (${error.code})` : messageOf(error);
  return secrets.reduce<string>(
    // A secret of one or two characters would blank half of the sentence and hides nothing.
    (masked, secret) =>
      secret !== undefined && secret.length > 2 ? masked.replaceAll(secret, '***') : masked,
    text,
  );
}
