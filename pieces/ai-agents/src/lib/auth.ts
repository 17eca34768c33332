import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { userMessage } from '@bizstack/piece-common';
import { checkConnection } from './check-connection';
import { secretsIn } from './connection';

/** Who answers prompts and where things are kept. Every part is optional; an action says which one it needs. */
export const aiAgentsAuth = PieceAuth.CustomAuth({
  displayName: 'AI provider',
  description: `Every part is optional, and an action says which one it needs.

**Language model:** OpenAI, Anthropic, or any server with \`/chat/completions\` (Ollama, vLLM, LiteLLM) by its base URL.
**Embeddings and Qdrant:** for the knowledge base.
**PostgreSQL:** keeps runs that wait for approval, conversations, trained models and the audit. A schema bizstack_agents is made there.`,
  required: true,
  props: {
    provider: Property.StaticDropdown({
      displayName: 'Provider',
      description: 'The language model that answers. Scoring, documents and anomalies need none.',
      required: true,
      defaultValue: 'none',
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'OpenAI', value: 'openai' },
          { label: 'Anthropic', value: 'anthropic' },
          { label: 'OpenAI-compatible', value: 'openai-compatible' },
        ],
      },
    }),
    model: Property.ShortText({
      displayName: 'Model',
      description: 'Name of the model, as the provider writes it.',
      required: false,
    }),
    apiKey: PieceAuth.SecretText({
      displayName: 'API Key',
      description: 'Key of the provider. Any text for a server that asks for none.',
      required: false,
    }),
    baseUrl: Property.ShortText({
      displayName: 'Base URL',
      description: 'For OpenAI-compatible servers, for example http://ollama:11434/v1.',
      required: false,
    }),
    embeddingsUrl: Property.ShortText({
      displayName: 'Embeddings URL',
      description: 'OpenAI-compatible base URL for embeddings, for example http://embeddings:8090/v1.',
      required: false,
    }),
    embeddingsModel: Property.ShortText({
      displayName: 'Embeddings Model',
      description: 'For example text-embedding-3-small.',
      required: false,
    }),
    embeddingsApiKey: PieceAuth.SecretText({
      displayName: 'Embeddings API Key',
      description: 'Sent as bearer token to the embeddings URL.',
      required: false,
    }),
    qdrantUrl: Property.ShortText({
      displayName: 'Qdrant URL',
      description: 'REST URL with port, for example http://qdrant:6333.',
      required: false,
    }),
    qdrantApiKey: PieceAuth.SecretText({
      displayName: 'Qdrant API Key',
      description: 'Leave empty when the server asks for none.',
      required: false,
    }),
    postgresUrl: PieceAuth.SecretText({
      displayName: 'PostgreSQL URL',
      description: 'postgres://user:password@host:5432/database. The user may create a schema.',
      required: false,
    }),
    allowedHosts: Property.ShortText({
      displayName: 'Allowed Hosts',
      description:
        'Hosts that tools of Run Custom Agent may call, with commas: mcp.example.com, *.example.com, 10.0.0.0/8, activepieces. A private address has to be listed, or belong to a listed name without a dot. Empty: public hosts alone.',
      required: false,
    }),
    autogenUrl: Property.ShortText({
      displayName: 'AutoGen URL',
      description: 'Of the AutoGen service, for teams that run there, for example http://autogen:8098.',
      required: false,
    }),
    autogenToken: PieceAuth.SecretText({
      displayName: 'AutoGen Token',
      description: 'Token of the AutoGen service.',
      required: false,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await checkConnection(auth);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: userMessage(error, secretsIn(auth)) };
    }
  },
});

export type AiAgentsAuth = AppConnectionValueForAuthProperty<typeof aiAgentsAuth>;
