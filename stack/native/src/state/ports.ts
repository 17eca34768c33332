import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { BizError } from '@bizstack/contracts';
import { processCommand } from './process-info';

/** Below the ports from 32,768 on that Linux gives to outgoing connections: one of those could hold ours. */
const FIRST_PORT = 14_000;
const LAST_PORT = 32_700;
/** Ports of one clone; a driver's port offsets are below it. */
export const PORT_BLOCK = 40;

/** The base port of a clone: the same path gives the same block, two clones most likely get different ones. */
export function basePortOf(realPath: string): number {
  const blocks = Math.floor((LAST_PORT - FIRST_PORT) / PORT_BLOCK);
  const hash = createHash('sha256').update(realPath).digest().readUInt32BE(0);
  return FIRST_PORT + (hash % blocks) * PORT_BLOCK;
}

/** @throws BizError `BIZ_NATIVE_BASE_PORT` when it is not a port that leaves room for the block. */
export function parseBasePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1024 || port > 65_535 - PORT_BLOCK) {
    throw new BizError('BIZ_NATIVE_BASE_PORT', `"${text}" is not a usable base port.`, {
      hint: `Give a number from 1024 to ${65_535 - PORT_BLOCK}; the stack uses ${PORT_BLOCK} ports from there.`,
    });
  }
  return port;
}

export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Who listens on a port of this machine; undefined when it cannot be told (another user's process). */
export function portHolder(port: number): PortHolder | undefined {
  const pid = process.platform === 'linux' ? pidFromProc(port) : pidFromLsof(port);
  return pid === undefined ? undefined : { pid, command: processCommand(pid) ?? 'unknown' };
}

/**
 * Checks that all ports can be bound.
 * @throws BizError `BIZ_NATIVE_PORT_BUSY` naming every busy port, what holds it and how to choose others.
 */
export async function requireFreePorts(host: string, ports: ReadonlyMap<number, string>): Promise<void> {
  const busy: string[] = [];
  for (const [port, use] of ports) {
    if (await isPortFree(host, port)) continue;
    const holder = portHolder(port);
    const by = holder ? `process ${holder.pid} (${holder.command})` : 'a process of another user';
    busy.push(`port ${port} (${use}) is held by ${by}`);
  }
  if (busy.length > 0) {
    throw new BizError('BIZ_NATIVE_PORT_BUSY', `${busy.join('; ')}.`, {
      hint: 'Stop what holds it, or choose another block of ports: --base-port <number> or BIZSTACK_BASE_PORT=<number>.',
    });
  }
}

function pidFromProc(port: number): number | undefined {
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    try {
      for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
        const fields = line.trim().split(/\s+/);
        // Fields: 1 = local address:port in hexadecimal, 3 = state (0A = listening), 9 = inode.
        const localPort = parseInt(fields[1]?.split(':')[1] ?? '', 16);
        if (localPort === port && fields[3] === '0A' && fields[9]) inodes.add(`socket:[${fields[9]}]`);
      }
    } catch {
      continue;
    }
  }
  if (inodes.size === 0) return undefined;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      for (const fd of readdirSync(`/proc/${name}/fd`)) {
        if (inodes.has(readlinkSync(`/proc/${name}/fd/${fd}`))) return Number(name);
      }
    } catch {
      continue;
    }
  }
  return undefined;
}

function pidFromLsof(port: number): number | undefined {
  try {
    const text = execFileSync('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' });
    const pid = Number(text.split('\n')[0]);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
