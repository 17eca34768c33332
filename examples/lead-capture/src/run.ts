import type { NewLead } from './lead';
import { type Endpoint, postLeads } from './post-leads';
import { type Census, census, crmRows, type StackAccess } from './stations';

export interface RunOptions {
  readonly endpoint: Endpoint;
  readonly access: StackAccess;
  readonly leads: AsyncIterable<NewLead>;
  readonly count: number;
  /** Marks the leads of this run, in their attributes and in the sender's key. */
  readonly batch: string;
  readonly concurrency: number;
  /** Milliseconds to wait for the last score after the last post. */
  readonly timeoutMs: number;
  readonly onProgress?: (line: string) => void;
  /** Called after each post with how many there were. */
  readonly onPosted?: (posted: number) => void;
}

export interface RunReport {
  readonly batch: string;
  readonly posted: number;
  readonly census: Census;
  /** Every station has every lead once. */
  readonly complete: boolean;
  /** Seconds from the first post to the last answer of the CRM. */
  readonly postSeconds: number;
  /** Seconds from the first post to the last score in the CRM. */
  readonly totalSeconds: number;
  readonly leadsPerSecond: number;
  /** Seconds from a lead's post to its score in the CRM. */
  readonly postToScore: { readonly p50: number; readonly p95: number; readonly max: number };
}

const LOOK_EVERY_MS = 500;

/** Posts the leads, waits until the CRM has all scores, and counts at every station. */
export async function sendAndFollow(options: RunOptions): Promise<RunReport> {
  const { endpoint, access, batch, concurrency, timeoutMs, onProgress = () => undefined, onPosted } = options;
  const started = Date.now();
  let done = 0;
  const posted = await postLeads(endpoint, marked(options.leads, batch, options.count), concurrency, () => {
    done += 1;
    onPosted?.(done);
    if (done % 100 === 0) onProgress(`${done} posted`);
  });
  const postSeconds = seconds(Date.now() - started);

  const deadline = Date.now() + timeoutMs;
  let shown = -1;
  let scored = 0;
  while (scored < posted.length && Date.now() < deadline) {
    scored = (await crmRows(access.crm.databaseUrl, batch)).filter(
      (row) => row.scoredInCrmAt !== null,
    ).length;
    if (Math.floor(scored / 100) !== shown) onProgress(`${scored} of ${posted.length} scored`);
    shown = Math.floor(scored / 100);
    if (scored < posted.length) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }

  const rows = await crmRows(access.crm.databaseUrl, batch);
  const sentAt = new Map(posted.map((lead) => [lead.externalId, lead.sentAt]));
  const scoreTimes = rows.flatMap(({ scoredInCrmAt }) =>
    scoredInCrmAt === null ? [] : [scoredInCrmAt.getTime()],
  );
  const waits = rows
    .flatMap(({ externalId, scoredInCrmAt }) => {
      const sent = sentAt.get(externalId);
      return scoredInCrmAt === null || sent === undefined ? [] : [scoredInCrmAt.getTime() - sent];
    })
    .sort((a, b) => a - b);
  const totalSeconds = seconds(Math.max(started, ...scoreTimes) - started);
  const counts = await census(access, batch);
  return {
    batch,
    posted: posted.length,
    census: counts,
    complete: Object.values(counts).every(
      (station) => station.leads === posted.length && station.duplicates === 0,
    ),
    postSeconds,
    totalSeconds,
    leadsPerSecond: totalSeconds === 0 ? 0 : Math.round((10 * posted.length) / totalSeconds) / 10,
    postToScore: {
      p50: seconds(quantile(waits, 0.5)),
      p95: seconds(quantile(waits, 0.95)),
      max: seconds(waits.at(-1) ?? 0),
    },
  };
}

export function formatReport(report: RunReport): string {
  const { census: counts, postToScore } = report;
  const stations = Object.entries(counts).map(
    ([name, { leads, duplicates }]) =>
      `  ${name.padEnd(10)} ${String(leads).padStart(7)} leads, ${duplicates} duplicates`,
  );
  return [
    `Batch ${report.batch}: ${report.posted} leads posted in ${report.postSeconds} s`,
    ...stations,
    `  post to score: p50 ${postToScore.p50} s, p95 ${postToScore.p95} s, max ${postToScore.max} s`,
    `  all scored after ${report.totalSeconds} s: ${report.leadsPerSecond} leads/s`,
    report.complete
      ? 'Every station has every lead once.'
      : 'INCOMPLETE: the stations do not agree with what was posted.',
  ].join('\n');
}

/** The first `count` leads, marked with the batch; the sender's key is of the batch, the address too. */
async function* marked(leads: AsyncIterable<NewLead>, batch: string, count: number): AsyncGenerator<NewLead> {
  let sent = 0;
  for await (const lead of leads) {
    if (sent++ >= count) return;
    yield {
      ...lead,
      externalId: `${batch}/${lead.externalId}`,
      // The CRM takes the same name at the same company for the same person.
      ...(lead.name === undefined ? {} : { name: `${lead.name} ${batch}` }),
      ...(lead.email === undefined ? {} : { email: lead.email.replace('@', `+${batch}@`) }),
      attributes: { ...lead.attributes, batch },
    };
  }
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
