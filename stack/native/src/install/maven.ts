import { createReadStream, readFileSync, readdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BizError } from '@bizstack/contracts';
import type { DriverContext, ToolRequirement } from '../driver';
import { cacheEntry, cacheEntryDir, keyHash } from './cache-entry';
import { runCommand } from './run-command';

export const JAVA: ToolRequirement = {
  command: 'java',
  minimum: '17',
  versionArgs: ['-version'],
  install: 'apt-get install openjdk-17-jre-headless   (macOS: brew install openjdk@17)',
};

export const MAVEN: ToolRequirement = {
  command: 'mvn',
  minimum: '3.6',
  versionArgs: ['--version'],
  install: 'apt-get install maven   (macOS: brew install maven)',
};

export interface MavenEntry {
  readonly name: string;
  /** Pinned dependencies. */
  readonly pomFile: string;
  /** `<sha256>  <file>` a line, for every jar; a jar that is not listed is refused. */
  readonly checksumFile: string;
  readonly neededMb: number;
}

/** Java archives of a pom in one folder, each checked against the committed checksum. */
export async function installMavenJars(context: DriverContext, entry: MavenEntry): Promise<string> {
  return cacheEntry({
    cacheDir: context.cacheDir,
    key: mavenKey(entry),
    neededMb: entry.neededMb,
    signal: context.signal,
    onWait: (pid) => context.log.info(`process ${pid} installs the same archives; waiting for it`),
    fill: async (dir) => {
      context.progress(`Java archives (Maven), about ${entry.neededMb} MB`);
      await runCommand(
        'mvn',
        ['-q', '-B', '-f', entry.pomFile, 'dependency:copy-dependencies', `-DoutputDirectory=${dir}`],
        {
          cwd: dir,
          signal: context.signal,
          hint: 'Check that this machine reaches Maven Central (~/.m2/settings.xml) and run the command again.',
        },
      );
      await verifyChecksums(dir, entry.checksumFile);
    },
  });
}

export function mavenJarsDir(context: DriverContext, entry: MavenEntry): string {
  return cacheEntryDir(context.cacheDir, mavenKey(entry));
}

function mavenKey(entry: MavenEntry): string {
  return `${entry.name}-jars-${keyHash(readFileSync(entry.pomFile, 'utf8'), readFileSync(entry.checksumFile, 'utf8'))}`;
}

/** @throws BizError `BIZ_NATIVE_CHECKSUM` naming the file that is missing, is not listed or differs. */
export async function verifyChecksums(dir: string, checksumFile: string): Promise<void> {
  const expected = new Map<string, string>();
  for (const line of readFileSync(checksumFile, 'utf8').split('\n')) {
    const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
    if (match?.[1] && match[2]) expected.set(basename(match[2]), match[1]);
  }
  const present = readdirSync(dir).filter((name) => name.endsWith('.jar'));
  for (const name of new Set([...expected.keys(), ...present])) {
    const wanted = expected.get(name);
    const actual = present.includes(name) ? await sha256(join(dir, name)) : undefined;
    if (wanted !== undefined && wanted === actual) continue;
    const what =
      actual === undefined
        ? 'was not downloaded'
        : wanted === undefined
          ? 'is not in the list'
          : 'has another checksum';
    throw new BizError('BIZ_NATIVE_CHECKSUM', `${name} ${what} (${checksumFile}).`, {
      hint: 'Nothing was installed. Remove it from the local Maven repository (~/.m2) and run the command again.',
    });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
