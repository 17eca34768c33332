import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { BizError } from '@bizstack/contracts';

const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const PRIVATE_V6 = [
  '::/128',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
  '64:ff9b::/96',
  '2001:db8::/32',
];

const PRIVATE = new BlockList();
for (const entry of PRIVATE_V4) addTo(PRIVATE, entry, 'ipv4');
for (const entry of PRIVATE_V6) addTo(PRIVATE, entry, 'ipv6');

function addTo(list: BlockList, entry: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', bits = '0'] = entry.split('/');
  list.addSubnet(address, Number(bits), family);
}

export interface Target {
  readonly url: URL;
  /** Address that was checked; the request must go to it, so that a second look-up cannot lead elsewhere. */
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Decides whether a webhook may be sent to an address. Networks of one's own are refused unless
 * `BIZSTACK_WEBHOOK_PRIVATE_HOSTS` names the host; `SERVER_REQUEST_WHITELIST`, where set, must name it too.
 * @throws BizError `BIZ_CRM_TARGET_REFUSED`.
 */
export async function checkTarget(text: string): Promise<Target> {
  const url = parse(text);
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const whitelist = listOf('SERVER_REQUEST_WHITELIST');
  if (whitelist.length > 0 && !whitelist.some((entry) => matches(host, entry))) {
    throw refused(`${host} is not in SERVER_REQUEST_WHITELIST.`);
  }
  const addresses = await resolve(host);
  const privateAllowed = listOf('BIZSTACK_WEBHOOK_PRIVATE_HOSTS').some((entry) => matches(host, entry));
  const forbidden = privateAllowed
    ? undefined
    : addresses.find(({ address, family }) => isPrivate(address, family));
  if (forbidden !== undefined) {
    throw refused(
      `${host} leads into a private network. Name it in BIZSTACK_WEBHOOK_PRIVATE_HOSTS to allow that.`,
    );
  }
  const first = addresses[0];
  if (first === undefined) throw refused(`${host} has no address.`);
  return { url, address: first.address, family: first.family === 6 ? 6 : 4 };
}

export function isPrivate(address: string, family: number): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return PRIVATE.check(mapped, 'ipv4');
  return PRIVATE.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw refused('It is not a web address.', cause);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refused('Only https and http addresses can be used.');
  if (url.username !== '' || url.password !== '')
    throw refused('It must not contain a user name or password.');
  return url;
}

async function resolve(host: string): Promise<{ address: string; family: number }[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await lookup(host, { all: true, verbatim: true });
  } catch (cause) {
    throw new BizError('BIZ_CRM_TARGET_UNREACHABLE', `The name ${host} cannot be resolved.`, {
      cause,
      retryable: true,
    });
  }
}

function listOf(variable: string): string[] {
  return (process.env[variable] ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
}

/** A host name, `*.example.com` for one level below, an address, or a network such as `10.1.0.0/16`. */
function matches(host: string, entry: string): boolean {
  if (entry.startsWith('*.')) {
    return host.endsWith(entry.slice(1)) && !host.slice(0, -entry.length + 1).includes('.');
  }
  const [network = '', bits] = entry.split('/');
  if (bits === undefined || isIP(network) === 0) return host === entry;
  if (isIP(host) !== isIP(network)) return false;
  const list = new BlockList();
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(bits), family);
  return list.check(host, family);
}

function refused(why: string, cause?: unknown): BizError {
  return new BizError('BIZ_CRM_TARGET_REFUSED', `The webhook's address cannot be used: ${why}`, { cause });
}
