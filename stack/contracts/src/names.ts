/** Kafka topics. Key = the event's subject, so that one subject keeps its order. */
export const TOPICS = {
  crm: 'bizstack.crm',
  sales: 'bizstack.sales',
  finance: 'bizstack.finance',
  content: 'bizstack.content',
  ops: 'bizstack.ops',
  audit: 'bizstack.audit',
} as const;

export type Topic = (typeof TOPICS)[keyof typeof TOPICS];

export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Databases that `stack/services/postgres/init` creates. */
export const DATABASES = ['business_data', 'nocobase', 'activepieces', 'n8n', 'metabase'] as const;

/** Table of scored leads in the database `business_data`. */
export const LEADS_TABLE = 'leads';

/** Qdrant collection with one point per lead, unnamed dense vector, Cosine. */
export const LEADS_COLLECTION = 'bizstack_leads';

/** Dimensions of the embeddings that the bundled embeddings service returns (all-MiniLM-L6-v2). */
export const EMBEDDING_DIMENSIONS = 384;

/** NocoBase collections of `@bizstack/plugin-crm`. */
export const CRM_COLLECTIONS = {
  leads: 'crmLeads',
  forms: 'crmLeadForms',
  outbox: 'bizstackOutbox',
} as const;
