import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributeUpdatePair,
} from '@temporalio/common/lib/search-attributes';
import { upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTES, type TimelineEntry, type WaitingFor } from '../client/names';

const KEEP = 200;

const WAITING_FOR = defineSearchAttributeKey(SEARCH_ATTRIBUTES.waitingFor, SearchAttributeType.KEYWORD);
const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.stage, SearchAttributeType.KEYWORD);
const SUBJECT = defineSearchAttributeKey(SEARCH_ATTRIBUTES.subject, SearchAttributeType.KEYWORD);
const AMOUNT = defineSearchAttributeKey(SEARCH_ATTRIBUTES.amount, SearchAttributeType.DOUBLE);
const DUE_AT = defineSearchAttributeKey(SEARCH_ATTRIBUTES.dueAt, SearchAttributeType.DATETIME);

/** What can be seen of a workflow from outside, in a form that continue-as-new carries on. */
export interface BoardState {
  readonly waiting: WaitingFor | null;
  readonly timeline: readonly TimelineEntry[];
  /** Requests to persons so far: each has an id of its own. */
  readonly requests: number;
  readonly shown: Shown;
}

interface Shown {
  readonly stage?: string;
  readonly subject?: string;
  readonly amount?: number;
  readonly dueAt?: number;
}

export interface View extends Shown {
  readonly waitingFor: string | null;
  readonly title: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Shows the workflow's stage and what it waits for: search attributes, memo, timeline. */
export class Board {
  private waiting: WaitingFor | null;
  private readonly entries: TimelineEntry[];
  private requests: number;
  private shown: Shown;

  constructor(
    private readonly workflowId: string,
    carried?: BoardState,
  ) {
    this.waiting = carried?.waiting ?? null;
    this.entries = [...(carried?.timeline ?? [])];
    this.requests = carried?.requests ?? 0;
    this.shown = carried?.shown ?? {};
  }

  get waitingFor(): WaitingFor | null {
    return this.waiting;
  }

  get timeline(): readonly TimelineEntry[] {
    return this.entries;
  }

  note(what: string, by?: string): void {
    this.entries.push({ at: new Date().toISOString(), what, ...(by === undefined ? {} : { by }) });
    if (this.entries.length > KEEP) this.entries.shift();
  }

  /** Publishes what changed, and nothing when nothing did. */
  show({ waitingFor, title, details, ...next }: View): void {
    const changes: SearchAttributeUpdatePair[] = [];
    if (next.stage !== this.shown.stage) changes.push({ key: STAGE, value: next.stage ?? null });
    if (next.subject !== this.shown.subject) changes.push({ key: SUBJECT, value: next.subject ?? null });
    if (next.amount !== this.shown.amount) changes.push({ key: AMOUNT, value: next.amount ?? null });
    if (next.dueAt !== this.shown.dueAt) {
      changes.push({ key: DUE_AT, value: next.dueAt === undefined ? null : new Date(next.dueAt) });
    }
    this.shown = next;
    if (waitingFor !== (this.waiting?.waitingFor ?? null)) {
      changes.push({ key: WAITING_FOR, value: waitingFor });
      this.requests += waitingFor === null ? 0 : 1;
      this.waiting =
        waitingFor === null
          ? null
          : {
              ...details,
              id: `${this.workflowId}:${this.requests}`,
              waitingFor,
              title,
              since: new Date().toISOString(),
            };
      upsertMemo({ [SEARCH_ATTRIBUTES.waitingFor]: this.waiting });
    }
    if (changes.length > 0) upsertSearchAttributes(changes);
  }

  /** The same question anew, for example to another level of approvers. */
  askAgain(): void {
    this.waiting = null;
  }

  carry(): BoardState {
    return { waiting: this.waiting, timeline: this.entries, requests: this.requests, shown: this.shown };
  }
}
