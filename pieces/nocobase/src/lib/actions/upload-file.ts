import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, nocobaseAuth } from '../auth';
import { recordAnswerSchema } from '../records';

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  pdf: 'application/pdf',
  png: 'image/png',
  txt: 'text/plain',
  webp: 'image/webp',
};

export const uploadFileAction = createAction({
  name: 'upload_file',
  auth: nocobaseAuth,
  displayName: 'Upload File',
  description: 'Uploads a file and returns its record, whose id goes into an attachment field',
  audience: 'both',
  aiMetadata: {
    description:
      'Uploads a file to NocoBase and returns its attachment record (id, url). Every call stores one more file.',
    idempotent: false,
  },
  props: {
    file: Property.File({ displayName: 'File', description: 'The file to upload.', required: true }),
    fileName: Property.ShortText({
      displayName: 'File Name',
      description: 'Instead of the name of the file.',
      required: false,
    }),
    collection: Property.ShortText({
      displayName: 'File Collection',
      description: 'File collection that takes it; attachments when empty.',
      required: false,
    }),
    attachmentField: Property.ShortText({
      displayName: 'Attachment Field',
      description: 'Field whose storage is used, as collection.field.',
      required: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'id', label: 'ID' },
      { key: 'title', label: 'Title' },
      { key: 'url', label: 'URL' },
      { key: 'size', label: 'Size', format: 'filesize' },
      { key: 'mimetype', label: 'Type' },
    ],
  },
  async run({ auth, propsValue }) {
    const { file } = propsValue;
    const name = propsValue.fileName || file.filename || 'file';
    const collection = parseInput(
      'File Collection',
      propsValue.collection || 'attachments',
      z.string().regex(/^[A-Za-z_][\w-]*$/, 'use the name of a collection'),
    );
    const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
    const form = new FormData();
    form.append(
      'file',
      new Blob([Uint8Array.from(file.data)], { type: TYPES[extension] ?? 'application/octet-stream' }),
      name,
    );
    const { data } = await clientOf(auth).call({
      method: 'POST',
      action: `${collection}:create`,
      query: { attachmentField: propsValue.attachmentField },
      body: form,
      schema: recordAnswerSchema,
    });
    return data ?? {};
  },
});
