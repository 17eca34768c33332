import { BizError } from '@bizstack/contracts';
import { z } from 'zod';
import type { Database, Step } from './database';
import { withHeartbeat } from './heartbeat';
import { callHttp } from './http';
import { keyOf, type StepInput } from './step';

export interface SaveContent extends StepInput {
  readonly itemId: string;
  readonly revision: number;
  readonly title: string;
  readonly body: string;
  readonly author: string;
}
export interface RecordReview extends StepInput {
  readonly itemId: string;
  readonly revision: number;
  readonly reviewer: string;
  readonly decision: 'approved' | 'revise' | 'rejected';
  readonly comment: string | null;
  /** What the item becomes by it; null while others have to review. */
  readonly becomes: 'approved' | 'revising' | 'rejected' | null;
}
export interface PublishTarget extends StepInput {
  readonly itemId: string;
  readonly target: { readonly name: string; readonly url: string };
}
export interface FinishContent extends StepInput {
  readonly status: 'published' | 'partly_published';
}

export interface ContentParts {
  readonly database: Database;
  readonly allowsTarget: (url: string) => boolean;
  /** Bearer token for the targets. */
  readonly publishToken: string | undefined;
}

const answerSchema = z.looseObject({ url: z.string().max(2_000).optional() });

/** Steps of content. Each is done once, however often it is called. */
export function contentActivities({ database, allowsTarget, publishToken }: ContentParts) {
  const once = <T>(input: StepInput, identity: unknown, work: (step: Step) => Promise<T>): Promise<T> =>
    database.once(keyOf(input), identity, work);

  return {
    saveContent: (input: SaveContent): Promise<void> =>
      once(input, [], async (step) => {
        const { workflowId, itemId, revision, title, body, author } = input;
        await step.rows(
          `INSERT INTO content.items (workflow_id, item_id, revision, title, body, author, status)
           VALUES ($1, $2, $3, $4, $5, $6, 'in_review')
           ON CONFLICT (workflow_id) DO UPDATE
             SET revision = excluded.revision, title = excluded.title, body = excluded.body, status = 'in_review',
                 updated_at = now()`,
          [workflowId, itemId, revision, title, body, author],
        );
        if (revision === 1) {
          await step.emit({
            type: 'content.item.requested',
            subject: `content/${itemId}`,
            data: { workflowId, itemId, title, author },
          });
        }
      }),

    recordReview: (input: RecordReview): Promise<void> =>
      once(input, [input.decision], async (step) => {
        const { workflowId, itemId, revision, reviewer, decision, comment, becomes } = input;
        await step.rows(
          'INSERT INTO content.reviews (workflow_id, revision, reviewer, decision, comment) VALUES ($1, $2, $3, $4, $5)',
          [workflowId, revision, reviewer, decision, comment],
        );
        if (becomes === null) return;
        await step.rows('UPDATE content.items SET status = $2, updated_at = now() WHERE workflow_id = $1', [
          workflowId,
          becomes,
        ]);
        if (becomes === 'revising') return;
        await step.emit({
          type: becomes === 'approved' ? 'content.item.approved' : 'content.item.rejected',
          subject: `content/${itemId}`,
          data: { workflowId, itemId, revision, by: reviewer, comment },
        });
      }),

    /** Sends the approved revision to one target. The target knows a repeated request by its key. */
    async publishTarget(input: PublishTarget): Promise<{ url: string | null }> {
      const { workflowId, itemId, target } = input;
      if (!allowsTarget(target.url)) {
        throw new BizError('BIZ_PUBLISH_ORIGIN', `Target "${target.name}": its origin is not allowed.`, {
          hint: 'Add it to WORKFLOWS_PUBLISH_ORIGINS.',
        });
      }
      const [item] = await database.read<{ title: string; body: string; author: string }>(
        'SELECT title, body, author FROM content.items WHERE workflow_id = $1',
        [workflowId],
      );
      if (!item) throw new BizError('BIZ_RECORD_MISSING', `There is no content of workflow ${workflowId}.`);
      const key = keyOf(input);
      const { text } = await withHeartbeat(({ signal }) =>
        callHttp({
          area: 'BIZ_PUBLISH',
          url: target.url,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': key,
            ...(publishToken === undefined ? {} : { authorization: `Bearer ${publishToken}` }),
          },
          body: JSON.stringify({ key, itemId, title: item.title, body: item.body, author: item.author }),
          timeoutMs: 60_000,
          signal,
        }),
      );
      const url = urlIn(text);
      return once(input, [target.name], async (step) => {
        await step.rows('INSERT INTO content.publications (workflow_id, target, url) VALUES ($1, $2, $3)', [
          workflowId,
          target.name,
          url,
        ]);
        await step.emit({
          type: 'content.item.published',
          subject: `content/${itemId}`,
          data: { workflowId, itemId, target: target.name, url },
        });
        return { url };
      });
    },

    finishContent: (input: FinishContent): Promise<void> =>
      once(input, [], async (step) => {
        await step.rows('UPDATE content.items SET status = $2, updated_at = now() WHERE workflow_id = $1', [
          input.workflowId,
          input.status,
        ]);
      }),
  };
}

/** A target may say where the item stands now; what it says otherwise does not matter. */
function urlIn(text: string): string | null {
  try {
    const parsed = answerSchema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data.url ?? null) : null;
  } catch {
    return null;
  }
}
