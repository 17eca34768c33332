import { createHmac, timingSafeEqual } from 'node:crypto';
import { BizError } from './errors';

export const SIGNATURE_HEADER = 'x-bizstack-signature';
export const TIMESTAMP_HEADER = 'x-bizstack-timestamp';
/** Names one delivery, so that a retry is recognised and a replay refused. */
export const DELIVERY_HEADER = 'x-bizstack-delivery';

/** Seconds that a signed request stays valid before and after its timestamp. */
export const SIGNATURE_WINDOW_SECONDS = 300;

export interface SignedParts {
  /** Unix time in seconds. */
  timestamp: number;
  deliveryId: string;
  /** The body exactly as sent. */
  body: string | Buffer;
}

/** `v1=<hex HMAC-SHA256 of "<timestamp>.<deliveryId>.<body>">`. */
export function signBody(secret: string, { timestamp, deliveryId, body }: SignedParts): string {
  const hmac = createHmac('sha256', secret).update(`${timestamp}.${deliveryId}.`).update(body);
  return `v1=${hmac.digest('hex')}`;
}

/** The three headers of a signed webhook. */
export function signatureHeaders(
  secret: string,
  parts: Omit<SignedParts, 'timestamp'> & { timestamp?: number },
): Record<string, string> {
  const timestamp = parts.timestamp ?? Math.floor(Date.now() / 1000);
  return {
    [TIMESTAMP_HEADER]: String(timestamp),
    [DELIVERY_HEADER]: parts.deliveryId,
    [SIGNATURE_HEADER]: signBody(secret, { ...parts, timestamp }),
  };
}

export interface SignatureInput {
  secret: string;
  timestamp: string | undefined;
  deliveryId: string | undefined;
  signature: string | undefined;
  body: string | Buffer;
  now?: Date;
}

/**
 * Checks a signed webhook. The caller still has to refuse a `deliveryId` it has seen within the window.
 * @throws BizError `BIZ_SIGNATURE_MISSING`, `BIZ_SIGNATURE_EXPIRED` or `BIZ_SIGNATURE_WRONG`.
 */
export function verifySignature(input: SignatureInput): void {
  const { secret, timestamp, deliveryId, signature, body } = input;
  if (!timestamp || !signature || !deliveryId) {
    throw new BizError('BIZ_SIGNATURE_MISSING', 'The request is not signed.', {
      hint: `Send the headers ${TIMESTAMP_HEADER}, ${DELIVERY_HEADER} and ${SIGNATURE_HEADER}.`,
    });
  }
  const seconds = Number(timestamp);
  const now = (input.now ?? new Date()).getTime() / 1000;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - seconds) > SIGNATURE_WINDOW_SECONDS) {
    throw new BizError(
      'BIZ_SIGNATURE_EXPIRED',
      `The timestamp is not within ${SIGNATURE_WINDOW_SECONDS} s of now.`,
      {
        hint: 'Send the current Unix time in seconds and check the clock of the sender.',
      },
    );
  }
  const expected = Buffer.from(signBody(secret, { timestamp: seconds, deliveryId, body }));
  const given = Buffer.from(signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new BizError('BIZ_SIGNATURE_WRONG', 'The signature does not match the body.', {
      hint: 'Sign "<timestamp>.<delivery id>.<raw body>" with HMAC-SHA256 and the secret shown in the CRM settings.',
    });
  }
}
