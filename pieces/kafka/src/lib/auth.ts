import { type AppConnectionValueForAuthProperty, PieceAuth, Property } from '@activepieces/pieces-framework';
import { tlsProps, userMessage } from '@bizstack/piece-common';
import { parseAuth } from './config';
import { checkConnection } from './check-connection';

export const kafkaAuth = PieceAuth.CustomAuth({
  displayName: 'Connection',
  description: `Brokers and how to log in.

**Self-hosted:** brokers \`host:9092\`, the SASL mechanism and TLS as your administrator set them.
**Confluent Cloud:** the bootstrap server, TLS on, SASL PLAIN, user name = API key, password = API secret.
**Redpanda:** brokers as shown in the console, TLS on, SASL SCRAM-SHA-256.
**Azure Event Hubs:** \`<namespace>.servicebus.windows.net:9093\`, TLS on, SASL PLAIN, user name \`$ConnectionString\`, password = the connection string.
**Amazon MSK:** the bootstrap brokers for SASL/SCRAM (port 9096), TLS on, SASL SCRAM-SHA-512; or mutual TLS (port 9094).`,
  required: true,
  props: {
    brokers: Property.ShortText({
      displayName: 'Brokers',
      description: 'host:port, several separated by commas. Two or three are enough; the others are found.',
      required: true,
    }),
    clientId: Property.ShortText({
      displayName: 'Client ID',
      description: 'Name under which the brokers see this client in logs and quotas.',
      required: false,
      defaultValue: 'bizstack',
    }),
    saslMechanism: Property.StaticDropdown({
      displayName: 'SASL mechanism',
      description: 'How to log in.',
      required: false,
      defaultValue: 'none',
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'PLAIN', value: 'plain' },
          { label: 'SCRAM-SHA-256', value: 'scram-sha-256' },
          { label: 'SCRAM-SHA-512', value: 'scram-sha-512' },
          { label: 'OAUTHBEARER (client credentials)', value: 'oauthbearer' },
        ],
      },
    }),
    username: Property.ShortText({
      displayName: 'User name',
      description: 'For PLAIN and SCRAM.',
      required: false,
    }),
    password: PieceAuth.SecretText({
      displayName: 'Password',
      description: 'For PLAIN and SCRAM.',
      required: false,
    }),
    oauthTokenUrl: Property.ShortText({
      displayName: 'OAuth token URL',
      description: 'For OAUTHBEARER: the token endpoint of your identity provider.',
      required: false,
    }),
    oauthClientId: Property.ShortText({
      displayName: 'OAuth client ID',
      description: 'For OAUTHBEARER.',
      required: false,
    }),
    oauthClientSecret: PieceAuth.SecretText({
      displayName: 'OAuth client secret',
      description: 'For OAUTHBEARER.',
      required: false,
    }),
    oauthScope: Property.ShortText({
      displayName: 'OAuth scope',
      description: 'For OAUTHBEARER, if the identity provider asks for one.',
      required: false,
    }),
    tls: Property.Checkbox({
      displayName: 'TLS',
      description: 'Encrypt the connection. Always on for cloud services.',
      required: false,
      defaultValue: false,
    }),
    ...tlsProps,
    registryUrl: Property.ShortText({
      displayName: 'Schema Registry URL',
      description:
        'For Avro, JSON Schema and Protobuf: https://host:8081, with the path if it has one (Apicurio: /apis/ccompat/v7).',
      required: false,
    }),
    registryUsername: Property.ShortText({
      displayName: 'Schema Registry user',
      description: 'User name or API key.',
      required: false,
    }),
    registryPassword: PieceAuth.SecretText({
      displayName: 'Schema Registry password',
      description: 'Password or API secret.',
      required: false,
    }),
    registryToken: PieceAuth.SecretText({
      displayName: 'Schema Registry token',
      description: 'A bearer token, where the registry takes one instead of user and password.',
      required: false,
    }),
    bridgeUrl: Property.ShortText({
      displayName: 'Kafka bridge URL',
      description: 'For the trigger "New Message (Instant)": where the kafka-bridge service listens.',
      required: false,
    }),
    bridgeToken: PieceAuth.SecretText({
      displayName: 'Kafka bridge token',
      description: 'For the trigger "New Message (Instant)".',
      required: false,
    }),
  },
  validate: async ({ auth }) => {
    try {
      await checkConnection(parseAuth(auth));
      return { valid: true };
    } catch (error) {
      return {
        valid: false,
        error: userMessage(error, [
          auth.password,
          auth.oauthClientSecret,
          auth.tlsKeyPassphrase,
          auth.registryPassword,
          auth.registryToken,
          auth.bridgeToken,
        ]),
      };
    }
  },
});

export type KafkaAuth = AppConnectionValueForAuthProperty<typeof kafkaAuth>;
