import { X509Certificate, createPrivateKey } from 'node:crypto';
import { PieceAuth, Property } from '@activepieces/pieces-framework';
import { BizError } from './errors';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+?)-----([\s\S]*?)-----END \1-----/g;
const LINE_LENGTH = 64;

/**
 * Repairs a pasted PEM: escaped or missing line ends, Windows line ends, indentation, text around the blocks.
 * Encrypted keys keep their headers.
 * @throws BizError `BIZ_TLS_PEM_INVALID` when there is no PEM block in it.
 */
export function normalizePem(text: string, what = 'certificate'): string {
  const unescaped = text.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r', '');
  const blocks = [...unescaped.matchAll(BLOCK)].map(([, label = '', body = '']) => block(label, body));
  if (blocks.length === 0) {
    throw new BizError('BIZ_TLS_PEM_INVALID', `The ${what} is not in PEM format.`, {
      hint: 'Paste the whole text, from "-----BEGIN" to "-----END …-----".',
    });
  }
  return blocks.join('');
}

function block(label: string, body: string): string {
  const headers: string[] = [];
  let base64 = '';
  for (const line of body.split('\n')) {
    if (/^[A-Za-z-]+: /.test(line.trim())) headers.push(line.trim());
    else base64 += line.replaceAll(/\s+/g, '');
  }
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return [
    `-----BEGIN ${label}-----`,
    ...(headers.length > 0 ? [...headers, ''] : []),
    ...lines,
    `-----END ${label}-----`,
    '',
  ].join('\n');
}

/** Properties of a TLS connection, for the `props` of a custom auth. Switching TLS on is the piece's own. */
export const tlsProps = {
  tlsCa: Property.LongText({
    displayName: 'CA certificate',
    description: 'PEM. Only for a certificate that is not signed by a public authority.',
    required: false,
  }),
  tlsCert: Property.LongText({
    displayName: 'Client certificate',
    description: 'PEM. Only when the server asks for a client certificate (mutual TLS).',
    required: false,
  }),
  tlsKey: PieceAuth.SecretText({
    displayName: 'Client private key',
    description: 'PEM. The key of the client certificate.',
    required: false,
  }),
  tlsKeyPassphrase: PieceAuth.SecretText({
    displayName: 'Passphrase of the private key',
    description: 'Only for an encrypted private key.',
    required: false,
  }),
};

export interface TlsValues {
  readonly tlsCa?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsKeyPassphrase?: string | undefined;
}

export interface TlsOptions {
  ca?: string;
  cert?: string;
  key?: string;
  passphrase?: string;
}

/**
 * Options for `tls.connect` from the values of {@link tlsProps}, checked before anything is sent.
 * @throws BizError `BIZ_TLS_PEM_INVALID`, `BIZ_TLS_CERT_EXPIRED`, `BIZ_TLS_KEY_MISSING` or `BIZ_TLS_KEY_MISMATCH`.
 */
export function tlsOptions({ tlsCa, tlsCert, tlsKey, tlsKeyPassphrase }: TlsValues): TlsOptions {
  const options: TlsOptions = {};
  if (tlsCa) {
    options.ca = normalizePem(tlsCa, 'CA certificate');
    parseCertificate(options.ca, 'CA certificate');
  }
  if (Boolean(tlsCert) !== Boolean(tlsKey)) {
    throw new BizError('BIZ_TLS_KEY_MISSING', 'A client certificate and its private key go together.', {
      hint: 'Paste both or neither.',
    });
  }
  if (tlsCert && tlsKey) {
    options.cert = normalizePem(tlsCert, 'client certificate');
    options.key = normalizePem(tlsKey, 'private key');
    if (tlsKeyPassphrase) options.passphrase = tlsKeyPassphrase;
    const certificate = parseCertificate(options.cert, 'client certificate');
    if (!matches(certificate, options)) {
      throw new BizError(
        'BIZ_TLS_KEY_MISMATCH',
        'The private key does not belong to the client certificate.',
      );
    }
  }
  return options;
}

function parseCertificate(pem: string, what: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (cause) {
    throw new BizError('BIZ_TLS_PEM_INVALID', `The ${what} cannot be read.`, {
      hint: 'Paste the certificate itself, not a key or a request.',
      cause,
    });
  }
  if (new Date(certificate.validTo).getTime() < Date.now()) {
    throw new BizError('BIZ_TLS_CERT_EXPIRED', `The ${what} expired on ${certificate.validTo}.`, {
      hint: 'Paste a renewed one.',
    });
  }
  return certificate;
}

function matches(certificate: X509Certificate, { key, passphrase }: TlsOptions): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey({ key: key ?? '', passphrase }));
  } catch (cause) {
    throw new BizError('BIZ_TLS_PEM_INVALID', 'The private key cannot be read.', {
      hint: 'Paste an unencrypted key, or its passphrase as well.',
      cause,
    });
  }
}
