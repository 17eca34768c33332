import { z } from 'zod';

const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .max(20_000)
    .nullish()
    .transform((items) => items ?? []);
const name = z.string().trim().min(1).max(300);
const count = z.coerce.number().min(0);

export const healthSchema = z
  .array(
    z.object({
      service: name,
      state: z.string(),
      since: z.string().optional(),
      detail: z.string().max(2_000).optional(),
    }),
  )
  .min(1)
  .max(1_000);

export const lagSchema = list(z.object({ group: name, topic: name, lag: count }));
export const queuesSchema = list(z.object({ queue: name, depth: count, oldestSeconds: count.optional() }));

/** Times in ISO 8601 or milliseconds, oldest first whatever their order. */
export const seriesSchema = z
  .record(
    name,
    z
      .array(
        z.object({
          at: z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))]),
          value: z.coerce.number(),
        }),
      )
      .max(20_000)
      .transform((points) => [...points].sort((one, other) => one.at - other.at)),
  )
  .nullish()
  .transform((series) => series ?? {});

export const runsSchema = list(
  z.object({
    process: name,
    step: name,
    waitedSeconds: count,
    tookSeconds: count,
    failed: z.boolean().default(false),
    retries: count.default(0),
  }),
);

const targets = z.array(name).max(200).default([]);
export const runbooksSchema = z.strictObject({ workers: targets, deadLetters: targets, schedules: targets });
