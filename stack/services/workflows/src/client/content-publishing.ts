import { z } from 'zod';
import { idSchema, personSchema, reasonSchema } from './schemas';

const titleSchema = z.string().trim().min(1).max(500);
const bodySchema = z.string().min(1).max(500_000);

export const contentPublishingInputSchema = z.object({
  itemId: idSchema,
  title: titleSchema,
  body: bodySchema,
  /** May not review it. */
  author: personSchema,
  reviewers: z.array(personSchema).min(1).max(50),
  /** Different reviewers that must approve. */
  required: z.number().int().min(1).max(5).default(1),
  targets: z
    .array(
      z.object({
        name: z.string().regex(/^[\w.-]{1,60}$/, 'Use letters, digits, ".", "_" and "-"'),
        /** Takes a POST of {key, itemId, title, body, author}; may answer {url}. */
        url: z.url({ protocol: /^https?$/ }).max(2_000),
      }),
    )
    .min(1)
    .max(20)
    .refine(
      (targets) => new Set(targets.map(({ name }) => name)).size === targets.length,
      'Names must differ',
    ),
  /** At once when absent or past. */
  publishAt: z.iso.datetime({ offset: true }).optional(),
  maxRevisions: z.number().int().min(0).max(20).default(5),
  /** Hours of trying until a target counts as failed. */
  giveUpAfterHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 30)
    .default(24),
});
export type ContentPublishingInput = z.input<typeof contentPublishingInputSchema>;
export type ContentPublishingOrder = z.output<typeof contentPublishingInputSchema>;

export const CONTENT_PUBLISHING_UPDATES = {
  approve: z.object({ by: personSchema, comment: z.string().max(2_000).optional() }),
  /** Sends it back to the author. */
  requestRevision: z.object({ by: personSchema, comment: reasonSchema }),
  reject: z.object({ by: personSchema, reason: reasonSchema }),
  submitRevision: z.object({ by: personSchema, title: titleSchema, body: bodySchema }),
  reschedule: z.object({ by: personSchema, publishAt: z.iso.datetime({ offset: true }) }),
  /** Tries the targets that failed again. */
  retryTargets: z.object({ by: personSchema }),
  /** Leaves the targets that failed. */
  acceptPartial: z.object({ by: personSchema }),
} as const;

export const CONTENT_PUBLISHING_SIGNALS = {
  publishNow: z.object({ by: personSchema }),
} as const;

export type ContentPublishingStage =
  'in_review' | 'revising' | 'scheduled' | 'publishing' | 'partly_published' | 'published' | 'rejected';

export interface TargetState {
  readonly name: string;
  readonly status: 'pending' | 'published' | 'failed';
  readonly url: string | null;
  readonly error: string | null;
}

export interface ContentPublishingState {
  readonly stage: ContentPublishingStage;
  readonly itemId: string;
  readonly title: string;
  readonly revision: number;
  readonly approvedBy: readonly string[];
  readonly publishAt: string | null;
  readonly targets: readonly TargetState[];
  readonly waitingFor: string | null;
}

export interface ContentPublishingResult {
  readonly outcome: 'published' | 'partly_published' | 'rejected';
  readonly targets: readonly TargetState[];
}
