import { ProviderFault } from './errors';

const LONGEST_ERROR_BODY = 4_000;

/**
 * The fetch the SDKs get: follows no redirect (the key would go along), and turns bad answers into a
 * {@link ProviderFault}, so that both SDKs fail in one way.
 */
export async function providerFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'error' });
  if (!response.ok) {
    const body = (await response.text()).slice(0, LONGEST_ERROR_BODY);
    throw new ProviderFault('status', response.status, body, retryAfterMs(response.headers));
  }
  if (response.headers.get('content-type')?.includes('text/event-stream')) return response;
  const text = await response.text();
  if (!isJsonObject(text))
    throw new ProviderFault('malformed', response.status, text.slice(0, LONGEST_ERROR_BODY));
  return new Response(text, { status: response.status, headers: { 'content-type': 'application/json' } });
}

/** Milliseconds by `retry-after-ms` or `Retry-After` (seconds or a date). */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const milliseconds = headers.get('retry-after-ms');
  if (milliseconds !== null && /^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds);
  const after = headers.get('retry-after');
  if (after === null) return undefined;
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000;
  const date = Date.parse(after);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
