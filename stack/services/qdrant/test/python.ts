import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheEntry, defaultCacheDir, keyHash, runCommand } from '@bizstack/native';

export const SERVER_DIR = join(__dirname, '..', 'server');

/**
 * The interpreter to run the server with: `BIZSTACK_QDRANT_PYTHON`, or a virtual environment in the cache
 * with the pinned packages, made at the first use.
 */
export async function serverPython(): Promise<string> {
  const given = process.env['BIZSTACK_QDRANT_PYTHON'];
  if (given) return given;
  const requirements = join(SERVER_DIR, 'requirements.txt');
  const version = await runCommand('python3', ['--version']);
  const dir = await cacheEntry({
    cacheDir: defaultCacheDir(),
    key: `qdrant-test-python-${keyHash(readFileSync(requirements, 'utf8'), version.trim(), process.platform, process.arch)}`,
    neededMb: 150,
    inPlace: true,
    fill: async (target) => {
      await runCommand('python3', ['-m', 'venv', target]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes', '-r', requirements];
      await runCommand(join(target, 'bin', 'python'), pip);
    },
  });
  return join(dir, 'bin', 'python');
}
