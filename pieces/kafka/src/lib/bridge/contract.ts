import { z } from 'zod';
import { filtersSchema } from '../filters';
import { FORMATS } from '../messages';

/** Longest lists and texts that a registration may hold; the whole is a few kilobytes. */
const name = z.string().min(1).max(249);

/** What a flow registers with the bridge. Nothing in it is secret. */
export const registrationSchema = z
  .strictObject({
    webhookUrl: z.url({ protocol: /^https?$/ }).max(2_000),
    topics: z.array(name).max(1_000),
    topicPattern: name.nullish().transform((pattern) => pattern ?? undefined),
    /** Kept when the flow is published again, so that it goes on where it was. */
    groupId: z.string().min(1).max(200),
    format: z.enum(FORMATS),
    filters: filtersSchema,
    start: z.union([z.enum(['earliest', 'latest']), z.strictObject({ timestamp: z.number().int() })]),
    maxMessages: z.number().int().min(1).max(1_000),
    onUnreadable: z.enum(['stop', 'skip', 'dead_letter']),
    /** The message's own topic followed by `.dlq` if not given. */
    deadLetterTopic: name.nullish().transform((topic) => topic ?? undefined),
    /** Deliveries of a message before it becomes a dead letter. */
    maxAttempts: z.number().int().min(1).max(100),
    /** Seconds that the webhook has to answer. */
    timeoutSeconds: z.number().int().min(1).max(300),
    /** The Kafka cluster that the flow means; the bridge refuses another one. */
    clusterId: z
      .string()
      .max(200)
      .nullish()
      .transform((id) => id ?? undefined),
  })
  .refine(({ topics, topicPattern }) => topics.length > 0 || topicPattern !== undefined, {
    path: ['topics'],
    message: 'No topic is chosen',
  });

export type Registration = z.output<typeof registrationSchema>;
export type RegistrationInput = z.input<typeof registrationSchema>;

/** Part of a URL and of metrics, so letters, digits, dash and underscore only. */
export const registrationIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);

export const registeredSchema = z.object({
  id: z.string(),
  /** Signs the deliveries of this registration. */
  secret: z.string().min(32),
});

/** The body of a delivery. */
export const deliverySchema = z.object({
  registrationId: z.string(),
  /** The same for every attempt at the same messages. */
  deliveryId: z.string(),
  messages: z.array(
    z.object({
      topic: z.string(),
      partition: z.number().int(),
      offset: z.string(),
      timestamp: z.string(),
      key: z.string().nullable(),
      headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
      value: z.unknown(),
    }),
  ),
});

export type Delivery = z.output<typeof deliverySchema>;
