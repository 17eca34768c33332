import { Property } from '@activepieces/pieces-framework';
import type { KnowledgeBase, Passage } from '@bizstack/agents/agents';
import type { RetrievalKnowledgeBase } from '@bizstack/agents/retrieval';
import { type Connection, notConfigured } from './connection';
import { passageBase } from './passages';

export const collectionProp = Property.ShortText({
  displayName: 'Knowledge Base',
  description: 'Name of a Qdrant collection of its own, for example knowledge.',
  required: true,
});

export const searchedCollectionProp = Property.ShortText({
  displayName: 'Knowledge Base',
  description:
    'Qdrant collection of Index Knowledge that the agent searches by itself. It finds what is public, and what the Permissions may read as roles. Empty: the passages alone.',
  required: false,
});

/**
 * What an agent may search: the knowledge base, the passages given, or both.
 * @throws BizError as {@link knowledgeBaseOf}
 */
export async function searchableKnowledge(
  connection: Connection,
  collection: string | undefined,
  passages: readonly Passage[],
): Promise<KnowledgeBase> {
  const given = await passageBase(passages);
  if (!collection?.trim()) return given;
  const base = await knowledgeBaseOf(connection, collection);
  if (passages.length === 0) return base;
  return {
    search: async (query, options) => {
      const [one, other] = await Promise.all([given.search(query, options), base.search(query, options)]);
      // Their scores cannot be compared: in turn, the best of each first.
      const inTurn = Array.from({ length: Math.max(one.length, other.length) }, (_, at) =>
        [one[at], other[at]].filter((passage) => passage !== undefined),
      );
      return inTurn.flat().slice(0, options.limit);
    },
  };
}

/**
 * The knowledge base of the connection; without embeddings it finds by words alone.
 * @throws BizError `BIZ_AI_NOT_CONFIGURED`, `BIZ_RETRIEVAL_INPUT_INVALID`
 */
export async function knowledgeBaseOf(
  { qdrantUrl, qdrantApiKey, embeddingsUrl, embeddingsModel, embeddingsApiKey }: Connection,
  collection: string,
): Promise<RetrievalKnowledgeBase> {
  if (qdrantUrl === undefined) throw notConfigured('Qdrant', 'Fill in the Qdrant URL there.');
  const { createKnowledgeBase } = await import('@bizstack/agents/retrieval');
  return createKnowledgeBase({
    qdrant: {
      url: qdrantUrl,
      collection: collection.trim(),
      ...(qdrantApiKey === undefined ? {} : { apiKey: qdrantApiKey }),
    },
    ...(embeddingsUrl === undefined || embeddingsModel === undefined
      ? {}
      : {
          embeddings: {
            url: embeddingsUrl,
            model: embeddingsModel,
            ...(embeddingsApiKey === undefined ? {} : { apiKey: embeddingsApiKey }),
          },
        }),
  });
}
