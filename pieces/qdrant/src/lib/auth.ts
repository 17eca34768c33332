import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { BizError, userMessage } from '@bizstack/piece-common';
import { z } from 'zod';
import { QdrantClient } from './client';
import { type EmbeddingsSettings, embedTexts, embeddingsEndpoint } from './embeddings';

export const qdrantAuth = PieceAuth.CustomAuth({
  displayName: 'Qdrant connection',
  description: `**Your own server**: URL of the REST port, for example \`http://qdrant:6333\`; the API key only if the server asks for one.

**Qdrant Cloud**: copy the cluster URL and an API key from the cluster's page.

**Embeddings** (optional): any OpenAI-compatible endpoint turns texts into vectors, for example \`https://api.openai.com/v1\` with model \`text-embedding-3-small\`, or a server of your own.`,
  required: true,
  props: {
    url: Property.ShortText({
      displayName: 'URL',
      description: 'REST URL with port, for example http://127.0.0.1:6333.',
      required: true,
    }),
    apiKey: PieceAuth.SecretText({
      displayName: 'API Key',
      description: 'Leave empty when the server asks for none.',
      required: false,
    }),
    embeddingsUrl: Property.ShortText({
      displayName: 'Embeddings URL',
      description:
        'OpenAI-compatible base URL, for example https://api.openai.com/v1. Only to work with texts.',
      required: false,
    }),
    embeddingsApiKey: PieceAuth.SecretText({
      displayName: 'Embeddings API Key',
      description: 'Sent as bearer token to the embeddings URL.',
      required: false,
    }),
    embeddingsModel: Property.ShortText({
      displayName: 'Embeddings Model',
      description:
        'For example text-embedding-3-small. Texts and searches of one collection need the same model.',
      required: false,
    }),
    embeddingsDimensions: Property.Number({
      displayName: 'Embeddings Dimensions',
      description: 'Only for models that can shorten their vectors. Leave empty for the length of the model.',
      required: false,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await checkConnection(auth);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: userMessage(error, [auth.apiKey, auth.embeddingsApiKey]) };
    }
  },
});

export type QdrantAuth = AppConnectionValueForAuthProperty<typeof qdrantAuth>;
export type QdrantAuthProps = QdrantAuth['props'];

export function clientOf({ url, apiKey }: QdrantAuthProps): QdrantClient {
  return new QdrantClient({ url, apiKey });
}

/** @throws BizError `BIZ_EMBEDDINGS_NOT_CONFIGURED` when the connection has no embeddings endpoint. */
export function embeddingsOf(auth: QdrantAuthProps): EmbeddingsSettings {
  if (!auth.embeddingsUrl || !auth.embeddingsModel) {
    throw new BizError('BIZ_EMBEDDINGS_NOT_CONFIGURED', 'The connection has no embeddings endpoint.', {
      hint: 'Fill in embeddings URL and model there, or give vectors instead of texts.',
    });
  }
  return {
    url: auth.embeddingsUrl,
    apiKey: auth.embeddingsApiKey,
    model: auth.embeddingsModel,
    dimensions: auth.embeddingsDimensions,
  };
}

/** Tries both servers and says which one failed. */
async function checkConnection(auth: QdrantAuthProps): Promise<void> {
  await clientOf(auth).call({
    path: ['collections'],
    schema: z.looseObject({ collections: z.array(z.looseObject({ name: z.string() })) }),
  });
  if (!auth.embeddingsUrl) return;
  embeddingsEndpoint(auth.embeddingsUrl);
  if (!auth.embeddingsModel) {
    throw new BizError(
      'BIZ_EMBEDDINGS_NOT_CONFIGURED',
      'Qdrant answers, but the embeddings model is missing.',
      {
        hint: 'Name the model, for example text-embedding-3-small.',
      },
    );
  }
  await embedTexts(embeddingsOf(auth), ['connection test']);
}
