import { BizError } from '@bizstack/contracts';

/**
 * The only places that deliveries go to: `https://flows.example.com, http://127.0.0.1:8081`. A port of `*`
 * stands for any port of that host. Redirects are not followed, so a listed place cannot send on to another.
 * @throws BizError `BIZ_BRIDGE_CONFIG`
 */
export function parseOrigins(text: string): (url: string) => boolean {
  const origins = text
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const anyPort = part.endsWith(':*');
      const url = URL.parse(anyPort ? part.slice(0, -2) : part);
      if (
        !url ||
        !/^https?:$/.test(url.protocol) ||
        url.pathname !== '/' ||
        url.search !== '' ||
        url.username !== ''
      ) {
        throw new BizError('BIZ_BRIDGE_CONFIG', `BRIDGE_WEBHOOK_ORIGINS: "${part}" is not an origin.`, {
          hint: 'Write scheme, host and port only, for example https://flows.example.com.',
        });
      }
      return { origin: url.origin, protocol: url.protocol, hostname: url.hostname, anyPort };
    });
  if (origins.length === 0) {
    throw new BizError('BIZ_BRIDGE_CONFIG', 'BRIDGE_WEBHOOK_ORIGINS is empty: no webhook could be called.');
  }
  return (text) => {
    const url = URL.parse(text);
    return (
      url !== null &&
      url.username === '' &&
      url.password === '' &&
      origins.some(({ origin, protocol, hostname, anyPort }) =>
        anyPort ? url.protocol === protocol && url.hostname === hostname : url.origin === origin,
      )
    );
  };
}
