import { Property } from '@activepieces/pieces-framework';
import type { GuardedFetch } from '@bizstack/agents/tools';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import type { Connection } from './connection';
import { httpUrl } from './http';

const TIMEOUT_MS = 60_000;
const ANSWER_MAX = 8 * 1024 * 1024;

export const allowedHostsProp = Property.Array({
  displayName: 'Allowed Hosts',
  description:
    'Hosts that tools may call, besides those of the connection: mcp.example.com, *.example.com, 10.1.2.3, 10.0.0.0/8, activepieces. Empty in both: the public hosts of the URLs above. A private address has to be listed, or belong to a listed name without a dot.',
  required: false,
});

/** Calls the hosts that this step may call. */
export interface ToolGuard {
  fetch: GuardedFetch;
  /** @throws BizError `BIZ_INPUT_INVALID`, `BIZ_AGENTS_HOST_REFUSED` */
  check(name: string, url: string): void;
}

/**
 * The guard for the tools of a step. The addresses may have come into the step from outside, so they alone open no
 * private network.
 * @throws BizError `BIZ_INPUT_INVALID`, `BIZ_AGENTS_CONFIG_INVALID`
 */
export async function toolGuard(
  { allowedHosts: ofConnection }: Pick<Connection, 'allowedHosts'>,
  ofStep: unknown,
  urls: readonly string[],
): Promise<ToolGuard> {
  const { AllowList, checkAllowedUrl, guardedFetch } = await import('@bizstack/agents/tools');
  const listed = [
    ...(ofConnection ?? '').split(/[\s,;]+/),
    ...parseInput('Allowed Hosts', ofStep ?? [], z.array(z.string().trim()).max(200)),
  ].filter((entry) => entry !== '');
  const named = urls
    .flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []))
    .filter((host) => host !== '' && !host.includes('*'));
  const options = {
    allowedHosts: listed.length > 0 ? listed : named,
    allowPrivateAddresses: listed.length > 0 ? ('listed' as const) : false,
    timeoutMs: TIMEOUT_MS,
    maxBytes: ANSWER_MAX,
  };
  // Refused here, so that a wrong entry is not the fault of a tool.
  if (listed.length > 0) new AllowList(listed);
  return {
    fetch: guardedFetch(options),
    check: (name, url) => {
      httpUrl(name, url);
      checkAllowedUrl(url, options);
    },
  };
}
