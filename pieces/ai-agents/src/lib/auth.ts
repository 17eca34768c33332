import { PieceAuth, Property } from '@activepieces/pieces-framework';

/** Who answers prompts. `none`: no language model; actions that compute need nothing else. */
export const aiAgentsAuth = PieceAuth.CustomAuth({
  displayName: 'AI provider',
  description: 'Score Lead works without a connection: it computes and asks no language model.',
  required: true,
  props: {
    provider: Property.StaticDropdown({
      displayName: 'Provider',
      description: 'The language model that answers. Scoring by rules needs none.',
      required: true,
      defaultValue: 'none',
      options: { options: [{ label: 'None', value: 'none' }] },
    }),
  },
});
