import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { tlsProps, userMessage } from '@bizstack/piece-common';
import { checkConnection } from './check-connection';
import { secretsOf } from './config';

export const temporalAuth = PieceAuth.CustomAuth({
  displayName: 'Connection',
  description: `Where Temporal is and how to log in.

**Self-hosted:** address \`host:7233\`, the namespace, TLS as your administrator set it.
**Temporal Cloud, API key:** address \`<region>.<cloud>.api.temporal.io:7233\`, namespace \`name.account\`, the API key. TLS is on by itself.
**Temporal Cloud, mutual TLS:** address \`<namespace>.tmprl.cloud:7233\`, namespace \`name.account\`, client certificate and private key.`,
  required: true,
  props: {
    address: Property.ShortText({
      displayName: 'Address',
      description: 'host:port of the frontend service. The port is usually 7233.',
      required: true,
    }),
    namespace: Property.ShortText({
      displayName: 'Namespace',
      description: 'Where the workflows live.',
      required: false,
      defaultValue: 'default',
    }),
    apiKey: PieceAuth.SecretText({
      displayName: 'API key',
      description: 'For Temporal Cloud, or where your server checks bearer tokens. Switches TLS on.',
      required: false,
    }),
    tls: Property.Checkbox({
      displayName: 'TLS',
      description: 'Encrypt the connection. On by itself with an API key or certificates.',
      required: false,
      defaultValue: false,
    }),
    tlsServerName: Property.ShortText({
      displayName: 'TLS server name',
      description: 'Only when the certificate is for another name than the address.',
      required: false,
    }),
    ...tlsProps,
    codecKey: PieceAuth.SecretText({
      displayName: 'Payload codec key',
      description:
        'Encrypts arguments and results (AES-256-GCM), so that the server cannot read them. 32 bytes in base64 or hexadecimal, the same as in your workers.',
      required: false,
    }),
    codecKeyId: Property.ShortText({
      displayName: 'Payload codec key ID',
      description: 'Name of that key, written into each payload. "default" if empty.',
      required: false,
    }),
    codecOldKeys: PieceAuth.SecretText({
      displayName: 'Older payload codec keys',
      description: 'Keys that still have to be read after a change of the key: id=key, separated by commas.',
      required: false,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await checkConnection(auth);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: userMessage(error, secretsOf(auth)) };
    }
  },
});

export type TemporalAuth = AppConnectionValueForAuthProperty<typeof temporalAuth>;
