import { ActivityFailure, continueAsNew, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import {
  CONTENT_PUBLISHING_SIGNALS,
  CONTENT_PUBLISHING_UPDATES,
  type ContentPublishingInput,
  contentPublishingInputSchema,
  type ContentPublishingOrder,
  type ContentPublishingResult,
  type ContentPublishingStage,
  type ContentPublishingState,
  type TargetState,
} from '../client/content-publishing';
import type { BoardState, View } from './board';
import { causeOf } from './failure';
import { parseInput, refuse } from './input';
import { type Deadline, HOUR_MS, Process, requireStage } from './process';

const books = proxyActivities<Activities>({
  // Short, so that what a dead worker held is soon tried by another: a step is done once in any case.
  startToCloseTimeout: '15s',
  retry: { initialInterval: '500ms', maximumInterval: '30s' },
});

const FINAL: readonly ContentPublishingStage[] = ['published', 'rejected'];

/** Plain JSON. Fields are added, never renamed: runs are continued across releases. */
export interface ContentPublishingCarried {
  readonly order: Omit<ContentPublishingOrder, 'body'>;
  readonly stage: ContentPublishingStage;
  readonly title: string;
  readonly revision: number;
  readonly approvedBy: readonly string[];
  readonly publishAt: number;
  readonly targets: readonly TargetState[];
  readonly accepted: boolean;
  readonly board: BoardState;
}

/** An item from its review to its targets: approve, revise or reject; publish at a time; each target on its own. */
export async function contentPublishing(
  input: ContentPublishingInput,
  carried?: ContentPublishingCarried,
): Promise<ContentPublishingResult> {
  const order = carried ? undefined : parseInput('contentPublishing', contentPublishingInputSchema, input);
  return new ContentPublishing(input, order, carried).run();
}

class ContentPublishing extends Process<ContentPublishingState> {
  private readonly order: Omit<ContentPublishingOrder, 'body'>;
  private stage: ContentPublishingStage;
  private title: string;
  private revision: number;
  private approvedBy: readonly string[];
  private publishAt: number;
  private targets: readonly TargetState[];
  /** Failed targets are left as they are. */
  private accepted: boolean;

  constructor(
    private readonly input: ContentPublishingInput,
    private readonly first: ContentPublishingOrder | undefined,
    carried: ContentPublishingCarried | undefined,
  ) {
    super(carried?.board);
    const order = first ?? carried?.order;
    if (!order) throw refuse('BIZ_INPUT_INVALID', 'There is neither an order nor a state to go on with.');
    const { itemId, title, author, reviewers, required, targets, publishAt, maxRevisions, giveUpAfterHours } =
      order;
    this.order = {
      itemId,
      title,
      author,
      reviewers,
      required,
      targets,
      publishAt,
      maxRevisions,
      giveUpAfterHours,
    };
    if (new Set(reviewers.filter((one) => one !== author)).size < required) {
      throw refuse(
        'BIZ_INPUT_INVALID',
        'contentPublishing: required: Needs more reviewers beside the author.',
      );
    }
    this.stage = carried?.stage ?? 'in_review';
    this.title = carried?.title ?? title;
    this.revision = carried?.revision ?? 0;
    this.approvedBy = carried?.approvedBy ?? [];
    this.publishAt = carried?.publishAt ?? (publishAt === undefined ? 0 : Date.parse(publishAt));
    this.targets =
      carried?.targets ?? targets.map(({ name }) => ({ name, status: 'pending', url: null, error: null }));
    this.accepted = carried?.accepted ?? false;
    this.listen();
  }

  async run(): Promise<ContentPublishingResult> {
    if (this.first) await this.save(this.first.title, this.first.body);
    await this.loop(() => this.continueInNewRun());
    const { stage, targets } = this;
    if (stage === 'rejected') return { outcome: 'rejected', targets };
    return { outcome: this.accepted ? 'partly_published' : 'published', targets };
  }

  state(): ContentPublishingState {
    const { stage, title, revision, approvedBy, targets } = this;
    return {
      ...{ stage, title, revision, approvedBy, targets },
      itemId: this.order.itemId,
      publishAt: this.publishAt === 0 ? null : new Date(this.publishAt).toISOString(),
      waitingFor: this.waitingFor(),
    };
  }

  protected finished(): boolean {
    return FINAL.includes(this.stage) || this.accepted;
  }

  protected view(): View {
    const dueAt = this.next()?.at;
    return {
      stage: this.stage,
      subject: `content/${this.order.itemId}`,
      ...(dueAt === undefined ? {} : { dueAt }),
      waitingFor: this.waitingFor(),
      title: this.title,
      details: {
        revision: this.revision,
        ...(this.stage === 'in_review' ? { reviewers: this.openReviewers() } : {}),
        ...(this.stage === 'revising' ? { author: this.order.author } : {}),
      },
    };
  }

  protected next(): Deadline | undefined {
    if (this.stage === 'scheduled') return { at: this.publishAt, act: async () => this.enter('publishing') };
    if (this.stage === 'publishing') return { at: 0, act: () => this.publish() };
    return undefined;
  }

  private waitingFor(): string | null {
    switch (this.stage) {
      case 'in_review':
        return 'review';
      case 'revising':
        return 'revision';
      case 'partly_published':
        return 'publication_decision';
      default:
        return null;
    }
  }

  private listen(): void {
    this.handleUpdates(CONTENT_PUBLISHING_UPDATES, {
      approve: {
        allow: ({ by }) => this.requireReviewer('approve', by),
        run: ({ by, comment }) => this.approve(by, comment ?? null),
      },
      requestRevision: {
        allow: ({ by }) => {
          this.requireReviewer('requestRevision', by);
          if (this.revision > this.order.maxRevisions) {
            throw refuse(
              'BIZ_REVIEW_REFUSED',
              `It was revised ${this.order.maxRevisions} times: approve or reject it.`,
            );
          }
        },
        run: ({ by, comment }) => this.decide(by, 'revise', comment, 'revising'),
      },
      reject: {
        allow: ({ by }) => this.requireReviewer('reject', by),
        run: ({ by, reason }) => this.decide(by, 'rejected', reason, 'rejected'),
      },
      submitRevision: {
        allow: ({ by }) => {
          requireStage('submitRevision', this.stage, ['revising']);
          if (by !== this.order.author) {
            throw refuse('BIZ_REVIEW_REFUSED', `Only ${this.order.author} revises this item.`);
          }
        },
        run: async ({ by, title, body }) => {
          await this.save(title, body);
          this.enter('in_review', by);
        },
      },
      reschedule: {
        allow: () => requireStage('reschedule', this.stage, ['in_review', 'revising', 'scheduled']),
        run: async ({ by, publishAt }) => {
          this.publishAt = Date.parse(publishAt);
          this.board.note(`to be published at ${publishAt}`, by);
        },
      },
      retryTargets: {
        allow: () => requireStage('retryTargets', this.stage, ['partly_published']),
        run: async ({ by }) => this.enter('publishing', by),
      },
      acceptPartial: {
        allow: () => requireStage('acceptPartial', this.stage, ['partly_published']),
        run: async ({ by }) => {
          await books.finishContent({ ...this.step('finish'), status: 'partly_published' });
          this.accepted = true;
          this.board.note('failed targets are left', by);
        },
      },
    });
    this.handleSignals(CONTENT_PUBLISHING_SIGNALS, {
      publishNow: {
        allow: () => requireStage('publishNow', this.stage, ['scheduled']),
        run: async ({ by }) => this.enter('publishing', by),
      },
    });
  }

  private enter(stage: ContentPublishingStage, by?: string): void {
    this.stage = stage;
    this.board.note(stage, by);
  }

  private openReviewers(): string[] {
    const { reviewers, author } = this.order;
    return reviewers.filter((one) => one !== author && !this.approvedBy.includes(one));
  }

  private requireReviewer(action: string, person: string): void {
    requireStage(action, this.stage, ['in_review']);
    if (this.revision === 0) throw refuse('BIZ_STATE_REFUSED', 'The item is still being stored.');
    if (!this.openReviewers().includes(person)) {
      throw refuse('BIZ_REVIEW_REFUSED', `${person} is not asked to review this revision.`);
    }
  }

  private async save(title: string, body: string): Promise<void> {
    const { itemId, author } = this.order;
    const revision = this.revision + 1;
    await books.saveContent({ ...this.step(`revision:${revision}`), itemId, revision, title, body, author });
    this.revision = revision;
    this.title = title;
    this.approvedBy = [];
    this.board.askAgain();
  }

  private async approve(by: string, comment: string | null): Promise<void> {
    const done = this.approvedBy.length + 1 >= this.order.required;
    await this.decide(by, 'approved', comment, done ? 'approved' : null);
    this.approvedBy = [...this.approvedBy, by];
    if (done) this.enter('scheduled');
  }

  private async decide(
    by: string,
    decision: 'approved' | 'revise' | 'rejected',
    comment: string | null,
    becomes: 'approved' | 'revising' | 'rejected' | null,
  ): Promise<void> {
    const { revision } = this;
    await books.recordReview({
      ...this.step(`review:${revision}:${by}`),
      itemId: this.order.itemId,
      ...{ revision, reviewer: by, decision, comment, becomes },
    });
    this.board.note(decision, by);
    if (becomes === 'revising' || becomes === 'rejected') this.stage = becomes;
  }

  /** All targets side by side; one that fails for good holds the others up no more than itself. */
  private async publish(): Promise<void> {
    const sending = proxyActivities<Activities>({
      startToCloseTimeout: '2 minutes',
      heartbeatTimeout: '20s',
      scheduleToCloseTimeout: this.order.giveUpAfterHours * HOUR_MS,
      retry: { initialInterval: '1s', maximumInterval: '10 minutes' },
    });
    this.targets = await Promise.all(
      this.targets.map(async (state): Promise<TargetState> => {
        const target = this.order.targets.find(({ name }) => name === state.name);
        if (state.status === 'published' || !target) return state;
        try {
          const { url } = await sending.publishTarget({
            ...this.step(`publish:${target.name}`),
            itemId: this.order.itemId,
            target,
          });
          return { name: target.name, status: 'published', url, error: null };
        } catch (error) {
          if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
          return { name: target.name, status: 'failed', url: null, error: causeOf(error).message };
        }
      }),
    );
    if (this.targets.some(({ status }) => status === 'failed')) return this.enter('partly_published');
    await books.finishContent({ ...this.step('finish'), status: 'published' });
    this.enter('published');
  }

  private continueInNewRun(): Promise<never> {
    const { order, stage, title, revision, approvedBy, publishAt, targets, accepted } = this;
    const carried = { order, stage, title, revision, approvedBy, publishAt, targets, accepted };
    return continueAsNew<typeof contentPublishing>(this.input, { ...carried, board: this.board.carry() });
  }
}
