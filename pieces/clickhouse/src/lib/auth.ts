import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { tlsProps, userMessage } from '@bizstack/piece-common';
import { checkConnection } from './check-connection';
import { secretsOf } from './config';

export const clickhouseAuth = PieceAuth.CustomAuth({
  displayName: 'Connection',
  description: `Where the server is and how to log in.

**Self-hosted:** \`http://host:8123\`, or \`https://host:8443\` with TLS; a user with rights on the tables that the flow needs and no more.
**ClickHouse Cloud:** the address under "Connect" with port 8443, for example \`https://abc.clickhouse.cloud:8443\`; user \`default\` and its password, or a JWT access token.
**Altinity, Aiven, DoubleCloud:** the HTTPS address and port from the console.`,
  required: true,
  props: {
    url: Property.ShortText({
      displayName: 'URL',
      description: 'Address of the HTTP interface. A path is taken for that of a reverse proxy.',
      required: true,
    }),
    user: Property.ShortText({
      displayName: 'User',
      description: 'Name of the user. "default" if empty.',
      required: false,
    }),
    password: PieceAuth.SecretText({
      displayName: 'Password',
      description: 'Password of the user.',
      required: false,
    }),
    accessToken: PieceAuth.SecretText({
      displayName: 'Access token (JWT)',
      description: 'Instead of user and password, where the server accepts tokens.',
      required: false,
    }),
    database: Property.ShortText({
      displayName: 'Database',
      description: 'Database of tables that are named without one. "default" if empty.',
      required: false,
    }),
    roles: Property.ShortText({
      displayName: 'Roles',
      description: 'Roles to take on, separated by commas. Those of the user by default if empty.',
      required: false,
    }),
    tlsVerify: Property.Checkbox({
      displayName: 'Check the certificate',
      description: 'Off only for tests: the connection is encrypted, but may lead to anybody.',
      required: false,
      defaultValue: true,
    }),
    ...tlsProps,
    certificateLogin: Property.Checkbox({
      displayName: 'Log in with the client certificate',
      description: 'The server knows the user by the certificate, so there is no password.',
      required: false,
      defaultValue: false,
    }),
    proxyUrl: PieceAuth.SecretText({
      displayName: 'Proxy URL',
      description:
        'HTTP proxy on the way, for example http://user:password@proxy:3128. It must allow CONNECT.',
      required: false,
    }),
    compression: Property.StaticDropdown({
      displayName: 'Compression',
      description: 'Of what is sent and received. Worth it over slow networks.',
      required: false,
      defaultValue: 'none',
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'gzip', value: 'gzip' },
          { label: 'zstd', value: 'zstd' },
          { label: 'Brotli', value: 'br' },
        ],
      },
    }),
    readOnly: Property.Checkbox({
      displayName: 'Read only',
      description: 'The server refuses every change made through this connection.',
      required: false,
      defaultValue: false,
    }),
    settingsLocked: Property.Checkbox({
      displayName: 'Settings are locked',
      description:
        'For users with readonly = 1: no settings are sent, so limits of rows and time hold only at this end.',
      required: false,
      defaultValue: false,
    }),
    timeoutSeconds: Property.Number({
      displayName: 'Time limit (seconds)',
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
      return { valid: false, error: userMessage(error, secretsOf(auth)) };
    }
  },
});

export type ClickHouseAuth = AppConnectionValueForAuthProperty<typeof clickhouseAuth>;
