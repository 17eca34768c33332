import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { collectionProp, knowledgeBaseOf } from '../knowledge';

const rolesSchema = z.array(z.string().trim().min(1).max(200)).max(1_000);

export const indexKnowledgeAction = createAction({
  name: 'index_knowledge',
  auth: aiAgentsAuth,
  displayName: 'Index Knowledge',
  description:
    'Puts a text or file (PDF, DOCX, HTML, Markdown, CSV) into the knowledge base; only changes are encoded',
  audience: 'both',
  aiMetadata: {
    description:
      'Add a document to the knowledge base, or replace what stands under its source ID; unchanged parts are left alone. The same document twice changes nothing.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    sourceId: Property.ShortText({
      displayName: 'Source ID',
      description: 'Stable ID of the document: the same ID replaces it.',
      required: true,
    }),
    file: Property.File({
      displayName: 'File',
      description: 'The document, or give a text.',
      required: false,
    }),
    text: Property.LongText({
      displayName: 'Text',
      description: 'Text or Markdown, or give a file.',
      required: false,
    }),
    title: Property.ShortText({ displayName: 'Title', description: 'Shown in citations.', required: false }),
    url: Property.ShortText({ displayName: 'URL', description: 'Shown in citations.', required: false }),
    roles: Property.Array({
      displayName: 'Readers',
      description: 'Roles that find it. Empty: everybody.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'sourceId', label: 'Source ID' },
      { key: 'status', label: 'Status', description: 'indexed, unchanged or access_changed' },
      { key: 'chunks', label: 'Chunks', format: 'number' },
      { key: 'added', label: 'Added', format: 'number' },
      { key: 'removed', label: 'Removed', format: 'number' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, sourceId, file, text, title, url } = propsValue;
    const bytes = file?.data;
    if ((bytes === undefined) === !text?.trim()) {
      throw new BizError('BIZ_INPUT_INVALID', 'Give either a file or a text.');
    }
    const roles = parseInput('Readers', propsValue.roles ?? [], rolesSchema);
    const base = await knowledgeBaseOf(readConnection(auth), collection);
    return base.index({
      id: sourceId,
      content: bytes === undefined ? (text ?? '') : new Uint8Array(bytes),
      ...(bytes === undefined ? { format: 'markdown' as const } : { fileName: file?.filename ?? '' }),
      ...(title?.trim() ? { title } : {}),
      ...(url?.trim() ? { url: url.trim() } : {}),
      access: roles.length > 0 ? { roles } : 'public',
    });
  },
});
