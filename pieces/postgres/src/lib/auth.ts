import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { tlsProps, userMessage } from '@bizstack/piece-common';
import { checkConnection } from './check-connection';

export const postgresAuth = PieceAuth.CustomAuth({
  displayName: 'Connection',
  description: `Where the database is and how to log in.

**Self-hosted:** host, port 5432, a user with rights on the tables that the flow needs and no more.
**Supabase, Neon, Amazon RDS, Azure, Google Cloud SQL:** the host from the console, TLS "Require" or better.`,
  required: true,
  props: {
    host: Property.ShortText({
      displayName: 'Host',
      description: 'Name or address of the server.',
      required: true,
    }),
    port: Property.Number({
      displayName: 'Port',
      description: 'Usually 5432.',
      required: false,
      defaultValue: 5432,
    }),
    database: Property.ShortText({
      displayName: 'Database',
      description: 'Name of the database.',
      required: true,
    }),
    user: Property.ShortText({
      displayName: 'User',
      description: 'Name of the role to log in as.',
      required: true,
    }),
    password: PieceAuth.SecretText({
      displayName: 'Password',
      description: 'Password of the role.',
      required: false,
    }),
    tlsMode: Property.StaticDropdown({
      displayName: 'TLS',
      description: 'How the connection is protected.',
      required: false,
      defaultValue: 'disable',
      options: {
        options: [
          { label: 'Off', value: 'disable' },
          { label: 'Require: encrypted, certificate not checked', value: 'require' },
          { label: 'Verify CA: certificate from a known authority', value: 'verify-ca' },
          { label: 'Verify full: also for this host name', value: 'verify-full' },
        ],
      },
    }),
    ...tlsProps,
    readOnly: Property.Checkbox({
      displayName: 'Read only',
      description: 'The server refuses every change made through this connection.',
      required: false,
      defaultValue: false,
    }),
    statementTimeoutSeconds: Property.Number({
      displayName: 'Statement time-out (seconds)',
      description: 'The server cancels statements that take longer. 1 to 570.',
      required: false,
      defaultValue: 60,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await checkConnection(auth);
      return { valid: true };
    } catch (error) {
      return { valid: false, error: userMessage(error, [auth.password, auth.tlsKeyPassphrase]) };
    }
  },
});

export type PostgresAuth = AppConnectionValueForAuthProperty<typeof postgresAuth>;
