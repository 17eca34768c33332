import { randomUUID } from 'node:crypto';
import { testFacts } from '@bizstack/native/testing';
import { type MeasuredPair, measureTimes, runAction } from '@bizstack/piece-testkit';
import { z } from 'zod';
import { createRecordAction } from '../src/lib/actions/create-record';
import { listRecordsAction } from '../src/lib/actions/list-records';

const ROUNDS = Number(process.env['BIZSTACK_BENCH_RECORDS'] ?? 100);

/** The piece's steps beside plain `fetch`, against the same server. */
export async function bench(): Promise<MeasuredPair[]> {
  const { url = '', email: account = '', password = '' } = testFacts('nocobase');
  const auth = { url, account, password };
  const request = async (
    method: string,
    action: string,
    body?: unknown,
    token?: string,
  ): Promise<unknown> => {
    const response = await fetch(`${url}/api/${action}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? { 'x-authenticator': 'basic' } : { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const json: unknown = await response.json();
    if (!response.ok) throw new Error(`${action}: ${JSON.stringify(json).slice(0, 300)}`);
    return json;
  };
  const signedIn = z.object({ data: z.object({ token: z.string() }) });
  const { token } = signedIn.parse(await request('POST', 'auth:signIn', { account, password })).data;
  const collection = `b_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const field = (name: string, type: string) => ({
    name,
    type,
    interface: 'input',
    uiSchema: { title: name },
  });
  await request(
    'POST',
    'collections:create',
    {
      name: collection,
      autoGenId: true,
      createdAt: true,
      updatedAt: true,
      filterTargetKey: 'id',
      fields: [field('code', 'string'), field('note', 'text')],
    },
    token,
  );
  const valuesOf = (round: number) => ({ code: `c${round}`, note: 'A note of ordinary length.' });
  const query = `${collection}:list?pageSize=10&sort=-id`;
  const pairs = [
    ...(await measureTimes({
      name: 'create_record',
      rounds: ROUNDS,
      warmUp: 10,
      ours: (round) =>
        runAction(createRecordAction, {
          auth,
          props: { collection, values: {}, moreValues: valuesOf(round) },
        }),
      reference: (round) => request('POST', `${collection}:create`, valuesOf(round), token),
    })),
    ...(await measureTimes({
      name: 'list_records, the latest 10',
      rounds: ROUNDS,
      warmUp: 10,
      ours: () => runAction(listRecordsAction, { auth, props: { collection, sort: ['-id'], limit: 10 } }),
      reference: () => request('GET', query, undefined, token),
    })),
  ];
  await request('POST', `collections:destroy?filterByTk=${collection}`, {}, token);
  return pairs;
}
