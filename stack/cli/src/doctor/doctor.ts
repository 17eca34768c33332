import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@bizstack/contracts';
import type { DoctorAccess } from './access';
import { cleanUp } from './clean-up';
import { type Hop, HOPS, type Patient } from './hops';

export interface HopResult {
  readonly name: string;
  readonly title: string;
  readonly ok: boolean;
  /** Milliseconds since the lead was sent. */
  readonly atMs: number;
  readonly found?: string;
  readonly problem?: string;
  /** Where to read on. */
  readonly logFile?: string;
}

export interface DoctorReport {
  readonly ok: boolean;
  readonly mark: string;
  readonly hops: readonly HopResult[];
  /** What could not be removed again. */
  readonly left: readonly string[];
}

export interface DoctorOptions {
  /** For each hop, in milliseconds. */
  readonly timeoutMs: number;
  readonly onHop?: (hop: HopResult) => void;
}

/** Sends one marked lead, follows it from hop to hop, stops at the first that fails, and removes it again. */
export async function examine(
  access: DoctorAccess,
  { timeoutMs, onHop = () => undefined }: DoctorOptions,
): Promise<DoctorReport> {
  const patient: Patient = {
    mark: `doctor-${randomUUID().slice(0, 8)}`,
    deliveryId: randomUUID(),
    sentAtMs: Date.now(),
  };
  const hops: HopResult[] = [];
  for (const hop of HOPS) {
    const result = await follow(hop, access, patient, timeoutMs);
    hops.push(result);
    onHop(result);
    if (!result.ok) break;
  }
  const left = await cleanUp(access, patient);
  return { ok: hops.length === HOPS.length && hops.every((hop) => hop.ok), mark: patient.mark, hops, left };
}

async function follow(
  hop: Hop,
  access: DoctorAccess,
  patient: Patient,
  timeoutMs: number,
): Promise<HopResult> {
  const { name, title, service } = hop;
  const deadline = Date.now() + timeoutMs;
  let problem = `nothing came within ${timeoutMs / 1000} s`;
  // The webhook is not repeated: its answer tells what is wrong.
  const once = name === 'webhook';
  while (Date.now() < deadline) {
    try {
      const found = await hop.look(access, patient, Math.max(1000, deadline - Date.now()));
      if (found !== undefined) return { name, title, ok: true, atMs: Date.now() - patient.sentAtMs, found };
    } catch (error) {
      problem = messageOf(error);
      if (once) break;
    }
    await sleep(50);
  }
  return {
    name,
    title,
    ok: false,
    atMs: Date.now() - patient.sentAtMs,
    problem,
    logFile: access.logFile(service),
  };
}
