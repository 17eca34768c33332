import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signatureHeaders } from '@bizstack/contracts';
import { testFacts } from '@bizstack/native/testing';
import { Client } from 'pg';
import { z } from 'zod';

export const DEADLINE_MS = 90_000;

jest.setTimeout(120_000);

export const url = testFacts('nocobase')['url'] ?? '';
const facts = testFacts('nocobase');

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** One signed-in account, or nobody. */
export class Account {
  private constructor(private readonly token: string | undefined) {}

  static readonly nobody = new Account(undefined);

  static async signIn(account: string, password: string): Promise<Account> {
    const response = await fetch(`${url}/api/auth:signIn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-authenticator': 'basic' },
      body: JSON.stringify({ account, password }),
    });
    const { data } = z.object({ data: z.object({ token: z.string() }) }).parse(await response.json());
    return new Account(data.token);
  }

  static admin(): Promise<Account> {
    return Account.signIn(facts['email'] ?? '', facts['password'] ?? '');
  }

  static automation(): Promise<Account> {
    return Account.signIn(facts['automation_account'] ?? '', facts['automation_password'] ?? '');
  }

  get(action: string): Promise<Answer> {
    return this.call('GET', action);
  }

  post(action: string, body: unknown = {}): Promise<Answer> {
    return this.call('POST', action, body);
  }

  private async call(method: string, action: string, body?: unknown): Promise<Answer> {
    return answerOf(
      await fetch(`${url}/api/${action}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // A page, not JSON.
  }
  return { status: response.status, body, headers: response.headers };
}

interface WebhookOptions {
  readonly deliveryId?: string;
  readonly secret?: string;
  readonly timestamp?: number;
  readonly form?: string;
}

/** Posts a lead as another system would. */
export async function postWebhook(body: unknown, options: WebhookOptions = {}): Promise<Answer> {
  const {
    deliveryId = randomUUID(),
    secret = facts['webhook_secret'] ?? '',
    timestamp,
    form = 'default',
  } = options;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return answerOf(
    await fetch(`${url}/api/crmLeads:webhook/${form}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'https://somewhere.example',
        ...signatureHeaders(secret, {
          deliveryId,
          body: text,
          ...(timestamp === undefined ? {} : { timestamp }),
        }),
      },
      body: text,
    }),
  );
}

const takenSchema = z.object({
  data: z.object({ leadId: z.string(), eventId: z.uuid(), duplicateOf: z.string().optional() }),
});

export function taken(answer: Answer): z.infer<typeof takenSchema>['data'] {
  const parsed = takenSchema.safeParse(answer.body);
  if (!parsed.success) throw new Error(`Not taken (${answer.status}): ${JSON.stringify(answer.body)}`);
  return parsed.data.data;
}

const refusalSchema = z.object({
  code: z.string(),
  errors: z.array(z.object({ field: z.string().optional(), code: z.string(), message: z.string() })),
});

export function refusal(answer: Answer): { code: string; fields: (string | undefined)[] } {
  const { code, errors } = refusalSchema.parse(answer.body);
  return { code, fields: errors.map(({ field }) => field) };
}

/** An address that no other test uses. */
export function newEmail(): string {
  return `lead-${randomUUID()}@example.com`;
}

/** NocoBase's own database, to see what really stands there. */
export async function sql(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: testFacts('postgres')['database_url_nocobase'] });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`Not within ${deadlineMs / 1000} s: ${what}`);
    await sleep(200);
  }
}

export async function eventsOf(leadId: string, type: string): Promise<number> {
  const rows = await sql(`SELECT id FROM "bizstackOutbox" WHERE aggregateid = $1 AND type = $2`, [
    `lead/${leadId}`,
    type,
  ]);
  return rows.length;
}
