import { createHash } from 'node:crypto';
import { STYLE } from './style';

/**
 * Headers of the page. Its one style sheet is allowed by hash and no script at all, so that nothing a form
 * or a visitor's text contains can run.
 * @param allowedOrigins origins that may embed the page, for example `https://www.example.com`; none: only
 *   this server's own pages
 */
export function pageHeaders(allowedOrigins: readonly string[]): Record<string, string> {
  const ancestors = ["'self'", ...allowedOrigins.filter(isOrigin)].join(' ');
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${styleHash}'`,
      "form-action 'self'",
      "base-uri 'none'",
      `frame-ancestors ${ancestors}`,
    ].join('; '),
    'referrer-policy': 'strict-origin-when-cross-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
}

/** Scheme, host and port only: anything else could smuggle a directive into the policy. */
export function isOrigin(value: string): boolean {
  try {
    const url = new URL(value);
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.origin === value;
  } catch {
    return false;
  }
}
