import { BizError } from '@bizstack/contracts';
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AllowList } from './allow-list';

export interface GuardedFetchOptions {
  /** Hosts that may be asked; `*.example.com` stands for all below. None by default. See {@link AllowList}. */
  allowedHosts: readonly string[];
  /**
   * Lets loopback, private and link-local addresses through: all of those that `allowedHosts` have, or the `listed`
   * ones. None by default.
   */
  allowPrivateAddresses?: boolean | 'listed';
  /** Largest answer, in bytes. */
  maxBytes?: number;
  /** Milliseconds for one request, redirects included. */
  timeoutMs?: number;
  /** Resolves names; the system's when left out. What it answers is checked. */
  lookup?: LookupFunction;
}

export interface GuardedRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export interface GuardedResponse {
  status: number;
  contentType: string;
  text: string;
  /** By name in lower case. */
  headers: Readonly<Record<string, string>>;
}

/** The only way out for a tool. */
export type GuardedFetch = (url: string, request?: GuardedRequest) => Promise<GuardedResponse>;

const MAX_REDIRECTS = 3;

const privateAddresses = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privateAddresses.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  privateAddresses.addSubnet(net, prefix, 'ipv6');
}

export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return privateAddresses.check(mapped, 'ipv4');
  if (/^::ffff:/i.test(address)) return true;
  return privateAddresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * A fetch that reaches allowed hosts alone. The address is checked when the connection is made, so that a
 * name that turns to a private address in between (DNS rebinding) does not get through; every redirect is
 * checked like the first address, and a redirect to another origin loses the headers, which may hold a key.
 * Throws `BIZ_AGENTS_HOST_REFUSED`, `BIZ_AGENTS_FETCH_FAILED`, `BIZ_AGENTS_FETCH_TOO_LARGE`,
 * `BIZ_AGENTS_CONFIG_INVALID`.
 */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs = 15_000, maxBytes = 2_000_000, lookup = dnsLookup } = options;
  const gate = gateOf(options);
  return async (url, request = {}) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    let target = checkedUrl(url, gate);
    let sent = request;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      let response: Sent;
      try {
        response = await send(target, sent, { signal, maxBytes, lookup: lookupThrough(gate, lookup) });
      } catch (error) {
        if (!timeout.aborted) throw error;
        throw new BizError('BIZ_AGENTS_FETCH_FAILED', `${target.host}: no answer within ${timeoutMs} ms.`, {
          cause: error,
          retryable: true,
        });
      }
      const { location, ...answer } = response;
      if (location === undefined) return answer;
      // 307 and 308 repeat the request as it is; the others would make a GET of it.
      if ((sent.method ?? 'GET') !== 'GET' && answer.status !== 307 && answer.status !== 308) {
        throw new BizError(
          'BIZ_AGENTS_FETCH_FAILED',
          `${target.host} redirects a ${sent.method} request (status ${answer.status}).`,
        );
      }
      const next = checkedUrl(new URL(location, target).href, gate);
      if (next.origin !== target.origin) sent = { ...sent, headers: contentHeaders(sent.headers) };
      target = next;
    }
    throw new BizError('BIZ_AGENTS_FETCH_FAILED', `More than ${MAX_REDIRECTS} redirects.`);
  };
}

/**
 * Checks an address as {@link guardedFetch} does before it looks the name up.
 * @throws BizError `BIZ_AGENTS_HOST_REFUSED`, `BIZ_AGENTS_CONFIG_INVALID`
 */
export function checkAllowedUrl(url: string, options: GuardedFetchOptions): void {
  checkedUrl(url, gateOf(options));
}

interface Gate {
  allowsHost(host: string): boolean;
  /** Also told of public addresses. */
  allowsAddress(host: string, address: string): boolean;
}

function gateOf({ allowedHosts, allowPrivateAddresses = false }: GuardedFetchOptions): Gate {
  const list = new AllowList(allowedHosts);
  return {
    allowsHost: (host) => list.allowsHost(host),
    allowsAddress: (host, address) =>
      !isPrivateAddress(address) ||
      (allowPrivateAddresses === 'listed' ? list.allowsPrivate(host, address) : allowPrivateAddresses),
  };
}

function checkedUrl(url: string, gate: Gate): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw refusedHost('Only http and https addresses can be fetched.');
  }
  if (parsed.username !== '' || parsed.password !== '') throw refusedHost('The address carries a password.');
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (!gate.allowsHost(host)) throw refusedHost(`The host "${host.slice(0, 100)}" is not allowed.`);
  if (isIP(host) !== 0 && !gate.allowsAddress(host, host)) throw refusedHost(`${host} is a private address.`);
  return parsed;
}

function contentHeaders(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(?:accept|content-type|user-agent)$/i.test(name)),
  );
}

interface Sent extends GuardedResponse {
  location: string | undefined;
}

function send(
  url: URL,
  request: GuardedRequest,
  { signal, maxBytes, lookup }: { signal: AbortSignal; maxBytes: number; lookup: LookupFunction },
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        cause instanceof BizError
          ? cause
          : new BizError('BIZ_AGENTS_FETCH_FAILED', `${url.host} could not be fetched: ${cause.message}`, {
              cause,
            }),
      );
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
      url,
      {
        method: request.method ?? 'GET',
        headers: request.headers,
        signal,
        // A connection that somebody else opened was not checked.
        agent: false,
        lookup,
      },
      (incoming: IncomingMessage) => {
        const status = incoming.statusCode ?? 0;
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > maxBytes) {
            incoming.destroy(
              new BizError('BIZ_AGENTS_FETCH_TOO_LARGE', `${url.host} sent more than ${maxBytes} bytes.`),
            );
          }
        });
        incoming.on('error', fail);
        incoming.on('end', () =>
          resolve({
            status,
            contentType: incoming.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
            headers: Object.fromEntries(
              Object.entries(incoming.headers).map(([name, value]) => [
                name,
                [value ?? ''].flat().join(', '),
              ]),
            ),
            location: status >= 300 && status < 400 ? incoming.headers.location : undefined,
          }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end(request.body);
  });
}

/** Resolves a name for one connection; the connection goes to the addresses that were checked here. */
function lookupThrough(gate: Gate, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses: LookupAddress[] =
        typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      const blocked = addresses.find(({ address }) => !gate.allowsAddress(hostname, address));
      if (blocked)
        return callback(refusedHost(`"${hostname}" has the private address ${blocked.address}.`), []);
      if (options.all === true) return callback(null, addresses);
      const [first] = addresses;
      if (!first) return callback(new Error(`"${hostname}" has no address`), []);
      return callback(null, first.address, first.family);
    });
  };
}

function refusedHost(message: string): BizError {
  return new BizError('BIZ_AGENTS_HOST_REFUSED', message, {
    hint: "Who configures the agent can add a host to its allow-list; the model can't.",
  });
}
