import { BizError } from '@bizstack/contracts';
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { isAllowedHost } from './safe-output';

export interface GuardedFetchOptions {
  /** Hosts that may be asked; `*.example.com` stands for all below. None by default. */
  allowedHosts: readonly string[];
  /** Lets loopback, private and link-local addresses through. For tests and services of one's own. */
  allowPrivateAddresses?: boolean;
  /** Largest answer, in bytes. */
  maxBytes?: number;
  /** Milliseconds for one request, redirects included. */
  timeoutMs?: number;
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
 * checked like the first address.
 * Throws `BIZ_AGENTS_HOST_REFUSED`, `BIZ_AGENTS_FETCH_FAILED`, `BIZ_AGENTS_FETCH_TOO_LARGE`.
 */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs = 15_000 } = options;
  return async (url, request = {}) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    let current = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const target = checkedUrl(current, options);
      const response = await send(target, request, signal, options);
      if (response.location === undefined) return response;
      if ((request.method ?? 'GET') !== 'GET') {
        throw new BizError(
          'BIZ_AGENTS_FETCH_FAILED',
          `${target.host} redirects a ${request.method} request.`,
        );
      }
      current = new URL(response.location, target).href;
    }
    throw new BizError('BIZ_AGENTS_FETCH_FAILED', `More than ${MAX_REDIRECTS} redirects.`);
  };
}

function checkedUrl(url: string, { allowedHosts, allowPrivateAddresses = false }: GuardedFetchOptions): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    throw refusedHost('Only http and https addresses can be fetched.');
  }
  if (parsed.username !== '' || parsed.password !== '') throw refusedHost('The address carries a password.');
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (!isAllowedHost(host, allowedHosts))
    throw refusedHost(`The host "${host.slice(0, 100)}" is not allowed.`);
  if (!allowPrivateAddresses && isIP(host) !== 0 && isPrivateAddress(host)) {
    throw refusedHost(`${host} is a private address.`);
  }
  return parsed;
}

interface Sent extends GuardedResponse {
  location: string | undefined;
}

function send(
  url: URL,
  request: GuardedRequest,
  signal: AbortSignal,
  options: GuardedFetchOptions,
): Promise<Sent> {
  const { maxBytes = 2_000_000, allowPrivateAddresses = false } = options;
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
        lookup: allowPrivateAddresses ? undefined : publicLookup,
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
            location: status >= 300 && status < 400 ? incoming.headers.location : undefined,
          }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end(request.body);
  });
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, []);
    const blocked = addresses.find(({ address }) => isPrivateAddress(address));
    if (blocked)
      return callback(refusedHost(`"${hostname}" has the private address ${blocked.address}.`), []);
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    if (!first) return callback(new Error(`"${hostname}" has no address`), []);
    return callback(null, first.address, first.family);
  });
};

function refusedHost(message: string): BizError {
  return new BizError('BIZ_AGENTS_HOST_REFUSED', message, {
    hint: "Who configures the agent can add a host to its allow-list; the model can't.",
  });
}
