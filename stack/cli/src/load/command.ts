import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { BizError, isBizError, messageOf } from '@bizstack/contracts';
import { DRIVERS, connectionValues } from '@bizstack/native';
import { Command } from 'commander';
import { z } from 'zod';
import { openStack } from '../clone';
import { type ActivepiecesCredentials } from './activepieces/session';
import { loadIntoActivepieces } from './activepieces/load';
import { readEnvFile } from './env-file';
import { loadIntoNocobase } from './nocobase/load';
import { type Variables } from './placeholders';
import { type LoadListener, type LoadReport, type LoadStep } from './report';

const flags = z.object({
  activepiecesUrl: z.url({ protocol: /^https?$/ }).optional(),
  nocobaseUrl: z.url({ protocol: /^https?$/ }).optional(),
  artifacts: z.string().optional(),
  connections: z.string().optional(),
  flow: z.array(z.string()).optional(),
  envFile: z.array(z.string()).default([]),
  native: z.boolean().default(false),
  adopt: z.boolean().default(false),
  overwrite: z.boolean().default(false),
  setAccountPassword: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
});

type Flags = z.infer<typeof flags>;

/** Adds one value of an option that may be given several times. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/**
 * `bizstack load`. Exit status: 0 loaded, 1 failed (the message says why), 2 wrong arguments.
 *
 * @param rootDir folder that the defaults (`artifacts`, `examples/lead-capture`) are taken from
 */
export function loadCommand(rootDir: string): Command {
  return new Command('load')
    .description(
      'install pieces, connections and flows into a running Activepieces, plugins into a running NocoBase',
    )
    .option('--activepieces-url <url>', 'the Activepieces instance, for example http://127.0.0.1:8080')
    .option('--nocobase-url <url>', 'the NocoBase instance, for example http://127.0.0.1:13000')
    .option('--artifacts <folder>', 'folder with package tarballs (default: artifacts)')
    .option('--connections <file>', 'connections (default: examples/lead-capture/connections.json)')
    .option(
      '--flow <file>',
      'exported flow; may be repeated (default: examples/lead-capture/flow.json)',
      collect,
    )
    .option('--env-file <file>', 'file with NAME=value lines; may be repeated, the last one wins', collect)
    .option('--native', "fill connections with the values of this clone's running native stack")
    .option('--adopt', 'take over a flow of the same name that no load has made')
    .option('--overwrite', 'replace a flow that was edited since the last load')
    .option('--set-account-password', 'give the NocoBase account of the flows its password')
    .option('--dry-run', 'show what would be done and change nothing')
    .option('--json', 'print one JSON report to stdout')
    .addHelpText(
      'after',
      `
Credentials come from the environment or an --env-file, never from arguments:
  Activepieces  ACTIVEPIECES_EMAIL and ACTIVEPIECES_PASSWORD of a platform administrator (created on a
                fresh instance), or ACTIVEPIECES_API_KEY and ACTIVEPIECES_PROJECT_ID
  NocoBase      NOCOBASE_ADMIN_EMAIL and NOCOBASE_ADMIN_PASSWORD, or NOCOBASE_ADMIN_API_KEY
NOCOBASE_ACCOUNT and NOCOBASE_PASSWORD are of the account that flows use (--set-account-password).
The URLs may come from ACTIVEPIECES_URL and NOCOBASE_LOAD_URL as well.`,
    )
    .action(async (given: unknown) => {
      process.exitCode = await run(given, rootDir);
    });
}

async function run(given: unknown, rootDir: string): Promise<number> {
  const parsed = flags.safeParse(given);
  if (!parsed.success) {
    process.stderr.write(`${z.prettifyError(parsed.error)}\n`);
    return 2;
  }
  const options = parsed.data;
  const listener = options.json ? jsonListener() : consoleListener();
  const reports: LoadReport[] = [];
  let failure: unknown;
  try {
    await loadTargets(options, rootDir, listener, (report) => reports.push(report));
  } catch (error) {
    failure = error;
  }
  if (options.json) {
    const error = failure === undefined ? null : describe(failure);
    process.stdout.write(`${JSON.stringify({ ok: failure === undefined, reports, error }, null, 2)}\n`);
  } else if (failure === undefined) {
    const changed = reports.reduce((sum, report) => sum + report.changed, 0);
    process.stdout.write(options.dryRun ? 'Dry run: nothing was changed.\n' : `Done: ${changed} changed.\n`);
  }
  if (failure !== undefined) {
    const { code, message } = describe(failure);
    process.stderr.write(`${code}: ${message}\n`);
  }
  return failure === undefined ? 0 : isBizError(failure, 'BIZ_LOAD_ARGUMENTS') ? 2 : 1;
}

async function loadTargets(
  options: Flags,
  rootDir: string,
  listener: LoadListener,
  done: (report: LoadReport) => void,
): Promise<void> {
  const variables: Variables = Object.fromEntries(
    [
      process.env,
      options.native ? nativeValues() : {},
      ...(await Promise.all(options.envFile.map(readEnvFile))),
    ].flatMap((set) => Object.entries(set)),
  );
  const activepiecesUrl = options.activepiecesUrl ?? urlOf(variables, 'ACTIVEPIECES_URL');
  const nocobaseUrl = options.nocobaseUrl ?? urlOf(variables, 'NOCOBASE_LOAD_URL');
  if (activepiecesUrl === undefined && nocobaseUrl === undefined) {
    throw new BizError('BIZ_LOAD_ARGUMENTS', 'Nothing to load into.', {
      hint: 'Give --activepieces-url, --nocobase-url or both.',
    });
  }
  const artifacts = options.artifacts ?? join(rootDir, 'artifacts');
  const common = { artifacts, dryRun: options.dryRun, listener };
  if (nocobaseUrl !== undefined) {
    done(
      await loadIntoNocobase({
        ...common,
        url: nocobaseUrl,
        credentials: nocobaseCredentials(variables),
        flowAccount: options.setAccountPassword ? flowAccount(variables) : undefined,
      }),
    );
  }
  if (activepiecesUrl !== undefined) {
    const example = join(rootDir, 'examples/lead-capture');
    done(
      await loadIntoActivepieces({
        ...common,
        url: activepiecesUrl,
        credentials: activepiecesCredentials(variables),
        connections: options.connections ?? (await ifExists(join(example, 'connections.json'))),
        flows: options.flow ?? [join(example, 'flow.json')],
        variables,
        adopt: options.adopt,
        overwrite: options.overwrite,
      }),
    );
  }
}

/** What connections of a flow need to reach the services of this clone; holds secrets. */
function nativeValues(): Variables {
  const flows = DRIVERS.find(({ name }) => name === 'flows');
  if (flows === undefined) {
    throw new BizError('BIZ_LOAD_NATIVE', 'The native stack has no flow runner whose values could be used.');
  }
  return connectionValues(openStack().contextOf(flows));
}

function activepiecesCredentials(variables: Variables): ActivepiecesCredentials {
  const apiKey = variables['ACTIVEPIECES_API_KEY'];
  const projectId = variables['ACTIVEPIECES_PROJECT_ID'];
  if (apiKey && projectId) {
    return { apiKey, projectId };
  }
  const email = variables['ACTIVEPIECES_EMAIL'];
  const password = variables['ACTIVEPIECES_PASSWORD'];
  if (!email || !password) {
    throw new BizError('BIZ_LOAD_ARGUMENTS', 'No credentials for Activepieces.', {
      hint: 'Set ACTIVEPIECES_EMAIL and ACTIVEPIECES_PASSWORD in the environment or in an --env-file.',
    });
  }
  return { email, password };
}

function nocobaseCredentials(variables: Variables) {
  const account = variables['NOCOBASE_ADMIN_EMAIL'];
  const password = variables['NOCOBASE_ADMIN_PASSWORD'];
  if (account && password) {
    return { account, password };
  }
  const apiKey = variables['NOCOBASE_ADMIN_API_KEY'];
  if (!apiKey) {
    throw new BizError('BIZ_LOAD_ARGUMENTS', 'No credentials for NocoBase.', {
      hint: 'Set NOCOBASE_ADMIN_EMAIL and NOCOBASE_ADMIN_PASSWORD in the environment or in an --env-file.',
    });
  }
  return { apiKey };
}

function flowAccount(variables: Variables): { username: string; password: string } {
  const username = variables['NOCOBASE_ACCOUNT'];
  const password = variables['NOCOBASE_PASSWORD'];
  if (!username || !password) {
    throw new BizError('BIZ_LOAD_ARGUMENTS', '--set-account-password has no account to set.', {
      hint: 'Set NOCOBASE_ACCOUNT and NOCOBASE_PASSWORD in the environment or in an --env-file.',
    });
  }
  return { username, password };
}

function urlOf(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  if (value === undefined || value === '') {
    return undefined;
  }
  if (!z.url({ protocol: /^https?$/ }).safeParse(value).success) {
    throw new BizError('BIZ_LOAD_ARGUMENTS', `${name} is not an http or https URL.`);
  }
  return value;
}

async function ifExists(file: string): Promise<string | undefined> {
  return access(file).then(
    () => file,
    () => undefined,
  );
}

function describe(error: unknown): { code: string; message: string } {
  return { code: isBizError(error) ? error.code : 'BIZ_LOAD_FAILED', message: messageOf(error) };
}

function consoleListener(): LoadListener {
  return {
    step: (step) => process.stdout.write(`${line(step)}\n`),
    progress: (message) => process.stderr.write(`… ${message}\n`),
    notice: (message) => process.stderr.write(`note: ${message}\n`),
  };
}

/** With --json stdout belongs to the report. */
function jsonListener(): LoadListener {
  return {
    step: () => {},
    progress: (message) => process.stderr.write(`… ${message}\n`),
    notice: (message) => process.stderr.write(`note: ${message}\n`),
  };
}

function line({ kind, name, version, action, note }: LoadStep): string {
  const what = version === undefined ? name : `${name} ${version}`;
  return `${action.padEnd(9)} ${kind.padEnd(10)} ${what}${note === undefined ? '' : ` (${note})`}`;
}
