import { BizError } from '@bizstack/contracts';
import { BlockList, isIP } from 'node:net';
import { isAllowedHost } from './safe-output';

const NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/**
 * Hosts that may be asked: names, `*.example.com` for all below, addresses, and ranges such as `10.0.0.0/8`. A private
 * address is reached only when it is listed itself, or by a listed name without a dot, which only the own network can
 * resolve. So a listed public name that turns to a private address leads nowhere.
 */
export class AllowList {
  readonly #names: readonly string[];
  readonly #addresses = new BlockList();

  /** @throws BizError `BIZ_AGENTS_CONFIG_INVALID` */
  constructor(entries: readonly string[]) {
    const names: string[] = [];
    for (const entry of entries.map((one) => one.trim().replace(/^\[|\]$/g, ''))) {
      const [address = '', prefix, ...rest] = entry.split('/');
      const version = isIP(address);
      const bits = prefix === undefined ? NaN : Number(prefix);
      if (version !== 0 && prefix === undefined) this.#addresses.addAddress(address, family(version));
      else if (
        version !== 0 &&
        rest.length === 0 &&
        /^\d+$/.test(prefix ?? '') &&
        bits <= (version === 4 ? 32 : 128)
      )
        this.#addresses.addSubnet(address, bits, family(version));
      else if (version === 0 && NAME.test(entry)) names.push(entry);
      else {
        throw new BizError('BIZ_AGENTS_CONFIG_INVALID', `"${entry.slice(0, 100)}" is no host.`, {
          hint: 'Write mcp.example.com, *.example.com, 10.1.2.3 or 10.0.0.0/8, without http:// and port.',
        });
      }
    }
    this.#names = names;
  }

  allowsHost(host: string): boolean {
    return isIP(host) === 0 ? isAllowedHost(host, this.#names) : this.#has(host);
  }

  /** Whether the private `address`, that `host` has, may be reached. */
  allowsPrivate(host: string, address: string): boolean {
    const isLocalName = isIP(host) === 0 && !host.replace(/\.$/, '').includes('.');
    return this.#has(address) || (isLocalName && isAllowedHost(host, this.#names));
  }

  #has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#addresses.check(address, family(version));
  }
}

function family(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6';
}
