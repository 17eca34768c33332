import * as http from 'node:http';
import * as https from 'node:https';
import { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { BizError, tlsOptions } from '@bizstack/piece-common';
import type { ClickHouseAuthValues } from './config';

/** Sockets per connection and engine process; flows run side by side. */
const MAX_SOCKETS = 10;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The HTTP agent of a connection: keep-alive, TLS and the proxy.
 * @throws BizError `BIZ_TLS_…`, `BIZ_CLICKHOUSE_PROXY_INVALID`
 */
export function createAgent(auth: ClickHouseAuthValues): http.Agent {
  const secure = auth.origin.startsWith('https:');
  const options: https.AgentOptions = {
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ...(secure ? { ...tlsOptions(auth), rejectUnauthorized: auth.tlsVerify } : {}),
  };
  if (auth.proxyUrl === undefined) return secure ? new https.Agent(options) : new http.Agent(options);
  const proxy = parseProxy(auth.proxyUrl);
  const connect: Connect = (target, callback) =>
    openTunnel(proxy, target).then(
      (socket) => callback(null, secure ? secured(socket, target, options) : socket),
      // Beside an error the socket is not looked at.
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), new Duplex()),
    );
  return secure ? new HttpsTunnelAgent(options, connect) : new HttpTunnelAgent(options, connect);
}

interface Target {
  readonly host?: string | null | undefined;
  readonly port?: number | string | null | undefined;
}
type Callback = (error: Error | null, socket: Duplex) => void;
type Connect = (target: Target, callback: Callback) => Promise<void>;

class HttpTunnelAgent extends http.Agent {
  constructor(
    options: http.AgentOptions,
    private readonly connect: Connect,
  ) {
    super(options);
  }

  override createConnection(target: http.ClientRequestArgs, callback?: Callback): undefined {
    void this.connect(target, callback ?? (() => undefined));
    return undefined;
  }
}

class HttpsTunnelAgent extends https.Agent {
  constructor(
    options: https.AgentOptions,
    private readonly connect: Connect,
  ) {
    super(options);
  }

  override createConnection(target: https.RequestOptions, callback?: Callback): undefined {
    void this.connect(target, callback ?? (() => undefined));
    return undefined;
  }
}

function parseProxy(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new BizError(
    'BIZ_CLICKHOUSE_PROXY_INVALID',
    'The proxy of the connection is not a URL with http:// or https://.',
    {
      hint: 'Write for example http://proxy.example.com:3128.',
    },
  );
}

/** Asks the proxy for a tunnel, also for plain HTTP, so that it sees no statement and no password. */
function openTunnel(proxy: URL, target: Target): Promise<Duplex> {
  const authority = `${target.host ?? ''}:${target.port ?? ''}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? https : http).request({
      host: proxy.hostname,
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      method: 'CONNECT',
      path: authority,
      timeout: CONNECT_TIMEOUT_MS,
      headers: {
        host: authority,
        ...(login === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      agent: false,
    });
    request.once('connect', (response, socket) => {
      if (response.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(refusedByProxy(proxy, response.statusCode ?? 0));
    });
    request.once('response', (response) => {
      response.resume();
      reject(refusedByProxy(proxy, response.statusCode ?? 0));
    });
    request.once('timeout', () => request.destroy(unreachableProxy(proxy, undefined)));
    request.once('error', (cause) => reject(unreachableProxy(proxy, cause)));
    request.end();
  });
}

function secured(socket: Duplex, target: Target, options: https.AgentOptions): Duplex {
  const host = target.host ?? '';
  return tls.connect({
    ...options,
    socket,
    // A server name must not be an address.
    ...(/^[\d.]+$|:/.test(host) ? { host } : { servername: host, host }),
  });
}

function refusedByProxy(proxy: URL, status: number): BizError {
  return new BizError(
    'BIZ_CLICKHOUSE_PROXY',
    `The proxy ${proxy.host} refused the tunnel (HTTP ${status}).`,
    {
      hint:
        status === 407
          ? 'Put user and password into the proxy URL: http://user:password@host:port.'
          : 'The proxy must allow CONNECT to the host and port of the server.',
      details: { step: 'proxy' },
    },
  );
}

function unreachableProxy(proxy: URL, cause: unknown): BizError {
  return new BizError('BIZ_CLICKHOUSE_PROXY', `Cannot reach the proxy ${proxy.host}.`, {
    hint: 'Check host and port of the proxy.',
    cause,
    retryable: true,
    details: { step: 'proxy' },
  });
}
