import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { BizError } from '@bizstack/contracts';
import type { ServiceFacts } from '../driver';
import { hasCode } from './error-code';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The secrets of one clone: one file each, mode 0600, in a folder of mode 0700, generated at first use. */
export class SecretStore {
  constructor(private readonly dir: string) {}

  /**
   * Reads a secret, or makes it: 48 hexadecimal characters, so that it stands in a URL, SQL or a config file as it is.
   * @throws BizError `BIZ_NATIVE_SECRET_NAME`, `BIZ_NATIVE_SECRET_EXPOSED` (others may read the file), `BIZ_NATIVE_SECRET_EMPTY`.
   */
  get(name: string): string {
    const file = this.file(name);
    const mode = statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new BizError(
        'BIZ_NATIVE_SECRET_EXPOSED',
        `The secret file ${file} has mode ${mode.toString(8)}: others can read it.`,
        { hint: `Run: chmod 600 ${file}, and change the secret if somebody else uses this machine.` },
      );
    }
    const value = readFileSync(file, 'utf8').trim();
    if (value === '') {
      throw new BizError('BIZ_NATIVE_SECRET_EMPTY', `The secret file ${file} is empty.`, {
        hint: 'Write the secret into it, or run: bizstack reset --yes (this removes the data too).',
      });
    }
    return value;
  }

  /** Path of the file that holds the secret alone; the secret is generated when it is missing. */
  file(name: string): string {
    if (!NAME.test(name)) {
      throw new BizError(
        'BIZ_NATIVE_SECRET_NAME',
        `"${name}" is not a name of a secret (a–z, 0–9, ".", "_", "-").`,
      );
    }
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    chmodSync(this.dir, 0o700);
    const file = join(this.dir, name);
    if (statSync(file, { throwIfNoEntry: false }) === undefined) {
      // Written whole and then linked: a reader never sees half a secret, and the first of two writers wins.
      const temporary = join(this.dir, `.${name}.${process.pid}.${randomBytes(4).toString('hex')}`);
      writeFileSync(temporary, randomBytes(24).toString('hex'), { mode: 0o600, flag: 'wx' });
      try {
        linkSync(temporary, file);
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error;
      } finally {
        rmSync(temporary, { force: true });
      }
    }
    return file;
  }

  names(): string[] {
    try {
      return readdirSync(this.dir)
        .filter((name) => NAME.test(name))
        .sort();
    } catch {
      return [];
    }
  }
}

const REFERENCE = /\$\{secret:([a-z0-9][a-z0-9._-]{0,63})\}/g;

/** A reference to a secret, for use in facts: shown as `***`, resolved only by {@link resolveFacts}. */
export function secretOf(name: string): string {
  return `\${secret:${name}}`;
}

/** Facts with every secret filled in. Never log or print the result. */
export function resolveFacts(
  facts: ServiceFacts,
  secret: (name: string) => string,
): Record<string, string | number> {
  return mapFacts(facts, (name) => secret(name));
}

/** Facts that can be shown: every secret stands as `***`. */
export function maskFacts(facts: ServiceFacts): Record<string, string | number> {
  return mapFacts(facts, () => '***');
}

function mapFacts(facts: ServiceFacts, replace: (name: string) => string): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replace(REFERENCE, (_, name: string) => replace(name)) : value,
    ]),
  );
}
