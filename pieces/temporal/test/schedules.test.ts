import { runAction, runOptions } from '@bizstack/piece-testkit';
import type { Client, Connection } from '@temporalio/client';
import { backfillSchedule } from '../src/lib/actions/schedules/backfill-schedule';
import { createSchedule } from '../src/lib/actions/schedules/create-schedule';
import { deleteSchedule } from '../src/lib/actions/schedules/delete-schedule';
import { describeSchedule } from '../src/lib/actions/schedules/describe-schedule';
import { listSchedules } from '../src/lib/actions/schedules/list-schedules';
import { pauseSchedule } from '../src/lib/actions/schedules/pause-schedule';
import { triggerSchedule } from '../src/lib/actions/schedules/trigger-schedule';
import { unpauseSchedule } from '../src/lib/actions/schedules/unpause-schedule';
import { updateSchedule } from '../src/lib/actions/schedules/update-schedule';
import { closeConnections } from '../src/lib/client';
import { auth, eventually, rawClient, uniqueName } from './support/temporal';

let client: Client;
let connection: Connection;
const made: string[] = [];

beforeAll(async () => {
  ({ client, connection } = await rawClient());
});
afterAll(async () => {
  for (const id of made)
    await client.schedule
      .getHandle(id)
      .delete()
      .catch(() => undefined);
  await connection.close();
  await closeConnections();
});

type Output = Record<string, unknown>;
const outputOf = async (run: Promise<{ output: unknown }>) => (await run).output as Output;

/** Nobody works for this queue: what a schedule starts stays as it is. */
const taskQueue = uniqueName('nobody');

function create({ scheduleId: given, ...props }: Record<string, unknown>) {
  const scheduleId = typeof given === 'string' ? given : uniqueName('schedule');
  made.push(scheduleId);
  return outputOf(
    runAction(createSchedule, { auth, props: { workflowType: 'report', taskQueue, ...props, scheduleId } }),
  );
}

const describeIt = (scheduleId: unknown) =>
  outputOf(runAction(describeSchedule, { auth, props: { scheduleId: String(scheduleId) } }));

describe('create_schedule', () => {
  it('makes a schedule with all that the form has', async () => {
    const { scheduleId, created } = await create({
      arguments: [{ region: 'eu' }],
      workflowId: 'report-eu',
      cronExpressions: ['0 9 * * MON-FRI'],
      intervals: [{ every: '2h', offset: '5m' }],
      calendars: [
        { hour: 7, dayOfWeek: ['MONDAY', { start: 'WEDNESDAY', end: 'FRIDAY' }], comment: 'early' },
      ],
      skip: '{"dayOfMonth": 1, "month": "JANUARY"}',
      timezone: 'Europe/Berlin',
      startAt: '2026-01-01T00:00:00Z',
      endAt: '2099-01-01T00:00:00Z',
      jitter: '30s',
      overlap: 'BUFFER_ONE',
      catchupWindow: '10m',
      pauseOnFailure: true,
      remainingActions: 7,
      note: 'made by a test',
      paused: true,
      memo: { team: 'sales' },
      runTimeout: '1h',
    });
    expect(created).toBe(true);
    expect(await describeIt(scheduleId)).toMatchObject({
      paused: true,
      note: 'made by a test',
      remainingActions: 7,
      workflowType: 'report',
      taskQueue,
      workflowId: 'report-eu',
      arguments: [{ region: 'eu' }],
      overlap: 'BUFFER_ONE',
      catchupWindowMs: 600_000,
      pauseOnFailure: true,
      spec: {
        intervals: [{ every: 7_200_000, offset: 300_000 }],
        timezone: 'Europe/Berlin',
        startAt: '2026-01-01T00:00:00.000Z',
        endAt: '2099-01-01T00:00:00.000Z',
        jitter: 30_000,
        skip: [{ month: [{ start: 'JANUARY' }] }],
      },
    });
    const raw = await client.schedule.getHandle(String(scheduleId)).describe();
    expect(raw.spec.calendars).toHaveLength(2);
    expect(raw.action).toMatchObject({ memo: { team: 'sales' }, workflowRunTimeout: 3_600_000 });
  });

  it('keeps an existing one, or fails', async () => {
    const { scheduleId } = await create({ intervals: [{ every: '1h' }], paused: true });
    expect(await create({ scheduleId, intervals: [{ every: '2h' }] })).toEqual({
      scheduleId,
      created: false,
    });
    expect(await describeIt(scheduleId)).toMatchObject({ spec: { intervals: [{ every: 3_600_000 }] } });
    await expect(
      create({ scheduleId, intervals: [{ every: '2h' }], ifExists: 'fail' }),
    ).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_SCHEDULE_EXISTS',
    });
  });

  it('refuses a schedule without times, and times that are none', async () => {
    await expect(create({})).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_SCHEDULE_TIMES' });
    await expect(create({ timezone: 'Europe/Berlin' })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_SCHEDULE_TIMES',
    });
    await expect(create({ cronExpressions: ['often'] })).rejects.toMatchObject({
      code: expect.stringMatching(/^BIZ_TEMPORAL_/) as string,
    });
    await expect(create({ intervals: [{ every: 'never' }] })).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_DURATION_INVALID',
    });
    await expect(create({ calendars: [{ hour: 25 }] })).rejects.toMatchObject({ code: 'BIZ_INPUT_INVALID' });
  });
});

describe('a schedule', () => {
  it('is updated in part, paused, unpaused and deleted', async () => {
    const { scheduleId: id } = await create({
      cronExpressions: ['0 9 * * *'],
      arguments: ['old'],
      overlap: 'ALLOW_ALL',
      note: 'first',
    });
    const scheduleId = String(id);
    await runAction(updateSchedule, {
      auth,
      props: { scheduleId, arguments: ['new'], note: 'second', timezone: 'Asia/Shanghai', memo: { a: 1 } },
    });
    const changed = await describeIt(scheduleId);
    expect(changed).toMatchObject({
      arguments: ['new'],
      note: 'second',
      overlap: 'ALLOW_ALL',
      workflowType: 'report',
      spec: { timezone: 'Asia/Shanghai', calendars: [{ hour: [{ start: 9 }] }] },
    });
    await runAction(updateSchedule, {
      auth,
      props: { scheduleId, intervals: [{ every: '3h' }], workflowType: 'other', taskQueue: `${taskQueue}-2` },
    });
    const moved = await describeIt(scheduleId);
    expect(moved).toMatchObject({
      workflowType: 'other',
      taskQueue: `${taskQueue}-2`,
      arguments: ['new'],
      spec: { intervals: [{ every: 10_800_000 }] },
    });
    expect((moved['spec'] as { calendars?: unknown[] }).calendars ?? []).toEqual([]);

    expect(
      await outputOf(runAction(pauseSchedule, { auth, props: { scheduleId, note: 'holidays' } })),
    ).toEqual({
      scheduleId,
      paused: true,
    });
    expect(await describeIt(scheduleId)).toMatchObject({ paused: true, note: 'holidays' });
    await runAction(unpauseSchedule, { auth, props: { scheduleId } });
    expect(await describeIt(scheduleId)).toMatchObject({ paused: false });

    const remove = () => outputOf(runAction(deleteSchedule, { auth, props: { scheduleId } }));
    expect(await remove()).toEqual({ scheduleId, deleted: true });
    expect(await remove()).toEqual({ scheduleId, deleted: false });
    await expect(describeIt(scheduleId)).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_SCHEDULE_UNKNOWN' });
    const gone = { auth, props: { scheduleId } };
    for (const call of [
      () => runAction(pauseSchedule, gone),
      () => runAction(unpauseSchedule, gone),
      () => runAction(triggerSchedule, gone),
      () => runAction(updateSchedule, gone),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'BIZ_TEMPORAL_SCHEDULE_UNKNOWN' });
    }
  });

  it('starts workflows at once, when triggered, and for times past', async () => {
    const { scheduleId: id } = await create({
      intervals: [{ every: '1h' }],
      overlap: 'ALLOW_ALL',
      triggerImmediately: true,
      paused: true,
    });
    const scheduleId = String(id);
    const taken = async () => Number((await describeIt(scheduleId))['actionsTaken']);
    await eventually(async () => expect(await taken()).toBe(1));
    // Ids hold the second: within the same one it is the same workflow.
    await eventually(async () => {
      await runAction(triggerSchedule, { auth, props: { scheduleId, overlap: 'ALLOW_ALL' } });
      expect(await taken()).toBeGreaterThan(1);
    });
    const before = await taken();
    const backfill = (start: string, end: string) =>
      runAction(backfillSchedule, { auth, props: { scheduleId, start, end, overlap: 'ALLOW_ALL' } });
    await backfill('2026-01-01T00:30:00Z', '2026-01-01T03:30:00Z');
    await eventually(async () => expect(await taken()).toBeGreaterThanOrEqual(before + 3));
    await expect(backfill('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).rejects.toMatchObject({
      code: 'BIZ_TEMPORAL_SPAN_INVALID',
    });
    const { running } = await describeIt(scheduleId);
    for (const workflowId of running as string[]) await client.workflow.getHandle(workflowId).terminate();
  });

  it('is listed, with those that are paused only if wanted', async () => {
    const { scheduleId } = await create({ intervals: [{ every: '1h' }], paused: true, note: 'listed' });
    const list = async (props: object) => {
      const { schedules } = await outputOf(runAction(listSchedules, { auth, props }));
      return schedules as { scheduleId: string }[];
    };
    await eventually(async () => {
      expect(await list({ maxResults: 1_000 })).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ scheduleId, workflowType: 'report', paused: true, note: 'listed' }),
        ]),
      );
    });
    await eventually(async () => {
      expect(
        (await list({ query: 'TemporalSchedulePaused = true', maxResults: 1_000 })).map(
          (one) => one.scheduleId,
        ),
      ).toContain(scheduleId);
    });
    expect((await list({ maxResults: 1 })).length).toBe(1);
    const { options } = await runOptions(describeSchedule, { auth, property: 'scheduleId' });
    expect(options.map(({ value }) => value)).toContain(scheduleId);
  });
});
