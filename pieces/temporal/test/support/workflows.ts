import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';

const { charge } = proxyActivities<{ charge: (amount: number) => Promise<string> }>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 1 },
});

/** Waits for an approval; may be asked, signalled and updated meanwhile. */
export async function order(
  name: string,
): Promise<{ name: string; by: string; total: number; notes: string[] }> {
  let by: string | undefined;
  let total = 0;
  const notes: string[] = [];
  setHandler(
    defineQuery<unknown, [string?]>('state'),
    (part) => (part === 'total' ? total : { name, total, notes, by }),
    {
      description: 'Where the order stands',
    },
  );
  setHandler(defineSignal<[string]>('approve'), (who) => {
    by = who;
  });
  setHandler(defineSignal<[string]>('note'), (note) => {
    notes.push(note);
  });
  setHandler(
    defineUpdate<number, [number]>('add'),
    (amount) => {
      total += amount;
      return total;
    },
    {
      validator: (amount) => {
        if (typeof amount !== 'number') throw new Error('amount must be a number');
      },
    },
  );
  await condition(() => by !== undefined);
  return { name, by: by ?? '', total, notes };
}

export async function echo(value: unknown): Promise<unknown> {
  return value;
}

export async function nothing(): Promise<void> {
  await Promise.resolve();
}

/** Refuses arguments as a schema would, naming the field. */
export async function checked(input: { amount: unknown }): Promise<number> {
  if (typeof input?.amount !== 'number') {
    throw ApplicationFailure.nonRetryable('amount: expected a number', 'ValidationError', {
      field: 'amount',
    });
  }
  return input.amount;
}

export async function pays(amount: number): Promise<string> {
  return charge(amount);
}

export async function slow(ms: number): Promise<string> {
  await sleep(ms);
  return 'slept';
}

/** Cleans up when it is cancelled. */
export async function stoppable(): Promise<string> {
  try {
    await sleep('1 hour');
    return 'slept';
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return await CancellationScope.nonCancellable(async () => {
      await sleep(10);
      return 'cleaned up';
    });
  }
}

export async function continues(left: number): Promise<string> {
  if (left > 0) return continueAsNew<typeof continues>(left - 1);
  return 'done';
}

const waitingFor = defineSearchAttributeKey('BizWaitingFor', 'KEYWORD');

/** Asks for a person again and again, as the convention has it; `how` is where it says so. */
export async function asks({
  what,
  rounds,
  how = 'search_attribute',
  withId = true,
}: {
  what: string;
  rounds: number;
  how?: 'search_attribute' | 'memo' | 'query';
  withId?: boolean;
}): Promise<string[]> {
  const decisions: string[] = [];
  let open: { waitingFor: string; id?: string; title: string } | null = null;
  setHandler(defineQuery('bizWaitingFor'), () =>
    how === 'query' || how === 'search_attribute' ? open : null,
  );
  setHandler(defineSignal<[string]>('decide'), (decision) => {
    decisions.push(decision);
  });
  for (let round = 1; round <= rounds; round += 1) {
    open = { waitingFor: what, ...(withId ? { id: `${what}-${round}` } : {}), title: `Round ${round}` };
    if (how !== 'query') upsertMemo({ BizWaitingFor: open });
    if (how === 'search_attribute') upsertSearchAttributes([{ key: waitingFor, value: what }]);
    await condition(() => decisions.filter((one) => !one.startsWith('again')).length >= round);
    open = null;
    if (how !== 'query') upsertMemo({ BizWaitingFor: null });
    if (how === 'search_attribute') upsertSearchAttributes([{ key: waitingFor, value: null }]);
    // Without this nobody could see that it did not wait in between.
    if (!withId) await condition(() => decisions.includes(`again ${round}`));
  }
  return decisions;
}
