import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts';
import { z } from 'zod';

const stateSchema = z.object({
  version: z.literal(1),
  /** First port of the clone's block. */
  basePort: z.number().int().min(1024).max(65_535),
});

export type CloneState = z.infer<typeof stateSchema>;

/** @throws BizError `BIZ_NATIVE_STATE_INVALID` when the file is there and is not what this version writes. */
export function readState(file: string): CloneState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BizError('BIZ_NATIVE_STATE_INVALID', `${file} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Remove the file; the base port is then chosen anew.',
      cause,
    });
  }
}

export function writeState(file: string, state: CloneState): void {
  writeFileAtomic(file, `${JSON.stringify(state, null, 2)}\n`, 0o644);
}

/** Writes beside the file and renames, so that an interruption leaves the old content or the new, never half. */
export function writeFileAtomic(file: string, content: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, file);
}
