import { Property } from '@activepieces/pieces-framework';
import type { RetrievalKnowledgeBase } from '@bizstack/agents/retrieval';
import { type Connection, notConfigured } from './connection';

export const collectionProp = Property.ShortText({
  displayName: 'Knowledge Base',
  description: 'Name of a Qdrant collection of its own, for example knowledge.',
  required: true,
});

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
