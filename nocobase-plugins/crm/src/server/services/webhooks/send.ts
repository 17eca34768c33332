import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { signatureHeaders } from '@bizstack/contracts';
import type { Target } from './target-guard';

const TIMEOUT_MS = 10_000;

export interface Delivery {
  readonly target: Target;
  readonly secret: string;
  readonly deliveryId: string;
  readonly body: string;
  readonly contentType: string;
}

/**
 * Posts a signed body to the address that was checked. Redirects are not followed: they could lead anywhere.
 * @returns the HTTP status.
 */
export function send({ target, secret, deliveryId, body, contentType }: Delivery): Promise<number> {
  const { url, address, family } = target;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port: url.port === '' ? undefined : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        ...(isIP(host) === 0 ? { servername: host } : {}),
        lookup: (_name, options, callback) => {
          if (options.all === true) callback(null, [{ address, family }]);
          else callback(null, address, family);
        },
        headers: {
          'content-type': contentType,
          'content-length': Buffer.byteLength(body),
          'user-agent': 'bizstack-crm',
          ...signatureHeaders(secret, { deliveryId, body }),
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
