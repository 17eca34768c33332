import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { embedTexts } from '../embeddings';

const textsSchema = z.array(z.string().max(100_000)).min(1).max(2_048);

export const createEmbeddingsAction = createAction({
  name: 'create_embeddings',
  auth: aiAgentsAuth,
  displayName: 'Create Embeddings',
  description: 'Turns texts into vectors with the embeddings model of the connection',
  audience: 'both',
  aiMetadata: {
    description: 'Turn texts into embedding vectors, in their order. Changes nothing.',
    idempotent: true,
  },
  props: {
    texts: Property.Array({
      displayName: 'Texts',
      description: 'Up to 2,048 texts.',
      required: true,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'model', label: 'Model' },
      { key: 'dimensions', label: 'Dimensions', format: 'number' },
      { key: 'vectors', label: 'Vectors' },
    ],
  },
  async run({ auth, propsValue }) {
    const connection = readConnection(auth);
    const vectors = await embedTexts(connection, parseInput('Texts', propsValue.texts, textsSchema));
    return { model: connection.embeddingsModel, dimensions: vectors[0]?.length ?? 0, vectors };
  },
});
