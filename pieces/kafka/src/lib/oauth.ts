import { BizError, messageOf, unreachableError } from '@bizstack/piece-common';
import { z } from 'zod';

interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
}

const tokenSchema = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().default(300),
});

const TIMEOUT_MS = 10_000;
/** A token is renewed when this share of its life is over. */
const RENEW_AFTER = 0.8;

/** Fetches access tokens with the client credentials grant (RFC 6749, 4.4) and keeps each until it is nearly over. */
export function oauthTokenProvider(credentials: ClientCredentials): () => Promise<{ value: string }> {
  let kept: { value: string; renewAt: number } | undefined;
  return async () => {
    if (!kept || kept.renewAt <= Date.now()) {
      const { access_token, expires_in } = await fetchToken(credentials);
      kept = { value: access_token, renewAt: Date.now() + expires_in * 1000 * RENEW_AFTER };
    }
    return { value: kept.value };
  };
}

async function fetchToken({
  tokenUrl,
  clientId,
  clientSecret,
  scope,
}: ClientCredentials): Promise<z.output<typeof tokenSchema>> {
  let response: Response;
  try {
    response = await fetch(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`,
        accept: 'application/json',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope ? { scope } : {}) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw (
      unreachableError({ code: 'BIZ_KAFKA_OAUTH_UNREACHABLE', where: tokenUrl, cause }) ??
      new BizError(
        'BIZ_KAFKA_OAUTH_UNREACHABLE',
        `The OAuth token URL cannot be called: ${messageOf(cause)}.`,
        { cause },
      )
    );
  }
  if (!response.ok) {
    throw new BizError('BIZ_KAFKA_OAUTH_REFUSED', `The OAuth server answered ${response.status}.`, {
      hint: 'Check client id, client secret and scope.',
      retryable: response.status >= 500,
    });
  }
  const parsed = tokenSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) {
    throw new BizError('BIZ_KAFKA_OAUTH_REFUSED', 'The OAuth server did not answer with an access token.', {
      hint: 'Check the token URL.',
      cause: parsed.error,
    });
  }
  return parsed.data;
}
