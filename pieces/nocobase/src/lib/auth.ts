import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { userMessage } from '@bizstack/piece-common';
import { z } from 'zod';
import { NocoBaseClient } from './client';

export const nocobaseAuth = PieceAuth.CustomAuth({
  displayName: 'NocoBase connection',
  description: `**API key** (recommended): in NocoBase enable the plugin *API keys*, open **Settings → API keys** and add one for a role of its own.

**Account**: user name or e-mail and password; the piece signs in and renews the token by itself.

What the flow may do is what the role may do.`,
  required: true,
  props: {
    url: Property.ShortText({
      displayName: 'URL',
      description: 'Address of NocoBase, for example https://crm.example.com or http://127.0.0.1:13000.',
      required: true,
    }),
    apiKey: PieceAuth.SecretText({
      displayName: 'API Key',
      description: 'Used instead of account and password when given.',
      required: false,
    }),
    account: Property.ShortText({
      displayName: 'Account',
      description: 'User name or e-mail. Only without an API key.',
      required: false,
    }),
    password: PieceAuth.SecretText({
      displayName: 'Password',
      description: 'Only without an API key.',
      required: false,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await new NocoBaseClient(auth).call({
        action: 'auth:check',
        schema: z.looseObject({ data: z.looseObject({ id: z.union([z.number(), z.string()]) }) }),
        repeatable: true,
      });
      return { valid: true };
    } catch (error) {
      return { valid: false, error: userMessage(error, [auth.apiKey, auth.password]) };
    }
  },
});

export type NocoBaseAuth = AppConnectionValueForAuthProperty<typeof nocobaseAuth>;

export function clientOf({ props }: NocoBaseAuth): NocoBaseClient {
  return new NocoBaseClient(props);
}
