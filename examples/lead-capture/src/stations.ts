import { BizError, LEADS_COLLECTION, LEADS_TABLE, parseEvent, TOPICS } from '@bizstack/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { z } from 'zod';

/** Where the stations of a lead's way are reached. */
export interface StackAccess {
  readonly crm: { readonly databaseUrl: string };
  readonly kafka: { readonly brokers: readonly string[] };
  readonly business: { readonly databaseUrl: string };
  readonly qdrant: { readonly url: string; readonly apiKey: string };
}

export interface StationCount {
  /** Leads of this batch at this station, each counted once. */
  readonly leads: number;
  /** How many there are beyond one a lead; anything but 0 is a fault. */
  readonly duplicates: number;
}

/** `scored`: the score was written back to the CRM. */
export type Census = Readonly<Record<'crm' | 'kafka' | 'postgres' | 'qdrant' | 'scored', StationCount>>;

const total = (keys: readonly string[]): StationCount => {
  const leads = new Set(keys).size;
  return { leads, duplicates: keys.length - leads };
};

/** Counts the leads whose attribute `batch` is `batch` at every station. */
export async function census(access: StackAccess, batch: string): Promise<Census> {
  const [crm, kafka, postgres, qdrant] = await Promise.all([
    crmRows(access.crm.databaseUrl, batch),
    kafkaKeys(access.kafka.brokers, batch),
    businessKeys(access.business.databaseUrl, batch),
    qdrantKeys(access.qdrant, batch),
  ]);
  return {
    crm: total(crm.map((row) => row.externalId)),
    kafka: total(kafka),
    postgres: total(postgres),
    qdrant: total(qdrant),
    scored: total(crm.filter((row) => row.scoredInCrmAt !== null).map((row) => row.externalId)),
  };
}

async function query<T>(
  databaseUrl: string,
  schema: z.ZodType<T>,
  sql: string,
  params: unknown[],
): Promise<T[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(sql, params);
    return z.array(schema).parse(rows);
  } finally {
    await client.end();
  }
}

const crmRow = z.object({
  externalId: z.string(),
  /** When the score was written to the CRM. */
  scoredInCrmAt: z.date().nullable(),
});

/** The CRM's rows of a batch. */
export function crmRows(databaseUrl: string, batch: string): Promise<z.infer<typeof crmRow>[]> {
  return query(
    databaseUrl,
    crmRow,
    `select "externalId", case when score is not null then "updatedAt" end as "scoredInCrmAt" from "crmLeads" where attributes->>'batch' = $1`,
    [batch],
  );
}

async function businessKeys(databaseUrl: string, batch: string): Promise<string[]> {
  const rows = await query(
    databaseUrl,
    z.object({ lead_id: z.string() }),
    `select lead_id from ${LEADS_TABLE} where attributes->>'batch' = $1 and score is not null`,
    [batch],
  );
  return rows.map((row) => row.lead_id);
}

const batchOf = z.object({ leadId: z.string(), attributes: z.looseObject({ batch: z.string().optional() }) });

/** Reads the topic from its first to its present last message with a group of its own. */
async function kafkaKeys(brokers: readonly string[], batch: string): Promise<string[]> {
  const kafka = new Kafka({
    clientId: 'lead-capture-census',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  });
  const groupId = `lead-capture-census-${batch}-${Date.now()}`;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId, readUncommitted: false });
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(TOPICS.crm);
  const open = new Set(ends.filter((end) => Number(end.high) > Number(end.low)).map((end) => end.partition));
  const keys: string[] = [];
  try {
    if (open.size === 0) return keys;
    await consumer.connect();
    await consumer.subscribe({ topic: TOPICS.crm, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      // The last offset of a partition may be a transaction's marker, which no consumer is shown: a batch
      // that reaches it counts, not a message.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        const end = ends.find((candidate) => candidate.partition === payload.partition);
        if (end && Number(payload.lastOffset) >= Number(end.high) - 2) open.delete(payload.partition);
        if (open.size === 0) resolve();
      });
      consumer
        .run({
          eachMessage: async ({ message }) => {
            if (message.value === null) return;
            // Others may write to the topic, and not everything there need be an event.
            if (!message.value.includes(batch)) return;
            const event = parseEvent(message.value);
            if (event.type !== 'crm.lead.captured') return;
            const { leadId, attributes } = batchOf.parse(event.data);
            if (attributes.batch === batch) keys.push(leadId);
          },
        })
        .catch(reject);
    });
    return keys;
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

const scrollReply = z.object({
  result: z.object({
    points: z.array(
      z.object({ id: z.union([z.string(), z.number()]), payload: z.looseObject({ leadId: z.string() }) }),
    ),
    next_page_offset: z.union([z.string(), z.number()]).nullish(),
  }),
});

async function qdrantKeys({ url, apiKey }: StackAccess['qdrant'], batch: string): Promise<string[]> {
  const keys: string[] = [];
  let offset: string | number | null | undefined;
  do {
    const response = await fetch(`${url}/collections/${LEADS_COLLECTION}/points/scroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'api-key': apiKey },
      body: JSON.stringify({
        limit: 1_000,
        with_payload: ['leadId'],
        filter: { must: [{ key: 'attributes.batch', match: { value: batch } }] },
        ...(offset == null ? {} : { offset }),
      }),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.status === 404) return [];
    if (!response.ok)
      throw new BizError('BIZ_LEADS_QDRANT', `Qdrant answered ${response.status}: ${await response.text()}`);
    const { result } = scrollReply.parse(await response.json());
    keys.push(...result.points.map((point) => point.payload.leadId));
    offset = result.next_page_offset;
  } while (offset != null);
  return keys;
}
