import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FilesService } from '@activepieces/pieces-framework';
import type { StoredFile } from '../context/file-host';
import { writeFileAtomic } from '../atomic-file';

/** Days that a file of a run can be fetched. */
const KEEP_DAYS = 7;

/** Files that steps wrote, in the state directory, under names that cannot be guessed. */
export class RunFiles {
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  service(baseUrl: () => string): FilesService {
    return {
      write: async ({ fileName, data }) => {
        const id = randomUUID();
        const name = Buffer.from(fileName.slice(-120)).toString('base64url');
        writeFileAtomic(join(this.directory, `${id}.${name}`), data);
        return new URL(`v1/step-files/${id}`, baseUrl()).toString();
      },
    };
  }

  read(id: string): StoredFile | undefined {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    const name = readdirSync(this.directory).find((entry) => entry.startsWith(`${id}.`));
    if (name === undefined) return undefined;
    return {
      fileName: Buffer.from(name.slice(id.length + 1), 'base64url').toString('utf8'),
      data: readFileSync(join(this.directory, name)),
    };
  }

  /** Removes files that are older than a week. */
  prune(now = Date.now()): void {
    for (const name of readdirSync(this.directory)) {
      const file = join(this.directory, name);
      if (now - statSync(file).mtimeMs > KEEP_DAYS * 86_400_000) rmSync(file, { force: true });
    }
  }
}
