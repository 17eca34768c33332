import type { AgentUser } from '../../tools/user';

interface CallOptions {
  user: AgentUser;
  signal: AbortSignal;
}

export interface PublishedItem {
  id: string;
  title: string;
  url: string;
  text: string;
}

export interface ContentPorts {
  /** Published items that resemble a text, best first (a vector search). */
  published(query: string, options: CallOptions & { limit: number }): Promise<PublishedItem[]>;
  /** How published topics did. */
  performance?(options: CallOptions & { days: number }): Promise<TopicPerformance[]>;
  /** What leads asked and what the knowledge base could not answer. */
  questions?(options: CallOptions & { days: number }): Promise<AskedQuestion[]>;
  saveDraft?(
    draft: { title: string; metaDescription: string; body: string },
    options: CallOptions & { idempotencyKey: string },
  ): Promise<{ id: string }>;
}

export interface TopicPerformance {
  topic: string;
  views: number;
  /** Readers who became leads. */
  conversions: number;
}

export interface AskedQuestion {
  text: string;
  count: number;
}
