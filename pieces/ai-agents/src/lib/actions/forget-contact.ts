import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { autogenOf, readConnection } from '../connection';
import { withDatabase } from '../postgres';

export const forgetContactAction = createAction({
  name: 'forget_contact',
  auth: aiAgentsAuth,
  displayName: 'Forget Contact',
  description:
    'Deletes all that the agents remember of a contact: conversations, qualification, runs, checkpoints',
  audience: 'both',
  aiMetadata: {
    description:
      'Delete all conversations, qualification, runs and checkpoints of a contact from the memory of the agents. The audit stays. Cannot be undone.',
    idempotent: true,
  },
  props: {
    contactId: Property.ShortText({
      displayName: 'Contact ID',
      description: 'The same ID that the agents were given.',
      required: true,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'contactId', label: 'Contact ID' },
      { key: 'deleted', label: 'Deleted', description: 'Deleted rows by kind' },
    ],
  },
  async run({ auth, propsValue }) {
    const contactId = parseInput('Contact ID', propsValue.contactId, z.string().trim().min(1).max(300));
    const connection = readConnection(auth);
    const deleted = await withDatabase(connection, ({ store }) => store.forgetContact(contactId));
    if (connection.autogenUrl === undefined) return { contactId, deleted };
    const { AutogenClient } = await import('@bizstack/agents/teams');
    const autogenRuns = await new AutogenClient(autogenOf(connection)).forgetContact(contactId);
    return { contactId, deleted: { ...deleted, autogenRuns } };
  },
});
