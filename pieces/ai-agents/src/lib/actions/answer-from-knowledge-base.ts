import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { answerFrom } from '../answer';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { collectionProp, knowledgeBaseOf } from '../knowledge';
import { readText } from '../model';
import { usageField } from '../output-fields';

const rolesSchema = z.array(z.string().trim().min(1).max(200)).max(1_000);

export const answerFromKnowledgeBaseAction = createAction({
  name: 'answer_from_knowledge_base',
  auth: aiAgentsAuth,
  displayName: 'Answer from Knowledge Base',
  description: 'Answers a question from the knowledge base with citations, or says that it does not know',
  audience: 'both',
  aiMetadata: {
    description:
      'Answer a question from indexed documents with checked citations; known is false when no passage answers it. Changes nothing.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    question: Property.LongText({
      displayName: 'Question',
      description: 'It is quoted: it cannot give orders.',
      required: true,
    }),
    userId: Property.ShortText({
      displayName: 'Asking User',
      description: 'Only what this user or the roles below may read is found.',
      required: false,
    }),
    roles: Property.Array({
      displayName: 'Roles',
      description: 'Roles of the user. Empty, without a user: only what everybody may read.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'known', label: 'Known', description: 'False when no passage answers it' },
      { key: 'answer', label: 'Answer', description: 'Null when it is not known' },
      {
        key: 'citations',
        label: 'Citations',
        listItems: [
          { key: 'passageId', label: 'Passage ID' },
          { key: 'source', label: 'Source' },
          { key: 'title', label: 'Title' },
          { key: 'quote', label: 'Quote' },
          { key: 'offsets', label: 'Offsets' },
        ],
      },
      usageField,
    ],
  },
  async run({ auth, propsValue }) {
    const connection = readConnection(auth);
    const question = readText('Question', propsValue.question, 4_000);
    const permissions = parseInput('Roles', propsValue.roles ?? [], rolesSchema);
    const base = await knowledgeBaseOf(connection, propsValue.collection);
    const passages = await base.search(question, {
      limit: 8,
      user: { id: propsValue.userId?.trim() || 'anonymous', permissions },
    });
    return answerFrom(connection, question, passages);
  },
});
