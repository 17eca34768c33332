import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { translatableStrings } from '../lint/strings';
import { loadTarget } from './target';

/** `strings <target>`: what src/i18n/translation.json has to be. */
export function addStrings(program: Command): void {
  program
    .command('strings')
    .description('print every text of a piece that is translated, as translation.json')
    .argument('<target>', 'tarball or folder of a piece')
    .action(async (target: string) => {
      const scratch = mkdtempSync(join(tmpdir(), 'bizstack-strings-'));
      try {
        const { piece } = await loadTarget(target, scratch);
        const entries = translatableStrings(piece).map((text) => [text, text]);
        process.stdout.write(`${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
}
