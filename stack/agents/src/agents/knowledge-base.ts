import type { AgentUser } from '../tools/user';

/** A piece of a document that an answer may rest on. */
export interface Passage {
  /** Stable; citations name it. */
  id: string;
  text: string;
  /** Where it stands: a path, URL or name that a person recognises. */
  source: string;
  title?: string;
  /** Characters of the source's text, end exclusive. */
  offsets: { start: number; end: number };
  /** Higher is better; comparable within one result only. */
  score: number;
}

export interface KnowledgeBaseSearchOptions {
  /** Only what this user may read is found. */
  user: AgentUser;
  /** 1–50 passages. */
  limit: number;
  signal?: AbortSignal;
}

export interface KnowledgeBase {
  /** Best passages first; empty when nothing fits. */
  search(query: string, options: KnowledgeBaseSearchOptions): Promise<Passage[]>;
}
