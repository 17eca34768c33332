import { type ApFile, createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { type Connection, notConfigured, readConnection } from '../connection';
import { ask, hasModel } from '../model';

/** A model gets as much of a document. */
const TEXT_MAX = 60_000;

const labelsSchema = z.array(z.string().trim().min(1).max(100)).max(200);
const KINDS = ['invoice', 'receipt'] as const;

export const extractDocumentAction = createAction({
  name: 'extract_document',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Extract Document',
  description:
    'Reads an invoice or receipt (PDF, photo, XML): fields with a confidence each, lines, arithmetic checks',
  audience: 'both',
  aiMetadata: {
    description:
      'Read the fields of an invoice or receipt from a PDF, image or e-invoice XML, each with its confidence, and check the arithmetic. Rules and OCR on this machine; a language model only where asked. Changes nothing.',
    idempotent: true,
  },
  props: {
    file: Property.File({
      displayName: 'File',
      description: 'PDF, PNG, JPEG, WebP, TIFF, or XML (UBL, Factur-X, ZUGFeRD). Up to 32 MB.',
      required: true,
    }),
    kind: Property.StaticDropdown({
      displayName: 'Kind',
      description: 'Found out by itself when empty.',
      required: false,
      options: {
        options: [
          { label: 'Invoice', value: 'invoice' },
          { label: 'Receipt', value: 'receipt' },
        ],
      },
    }),
    languages: Property.Array({
      displayName: 'Languages',
      description: 'Languages of the document, for example de or en-US. They decide how 03/04 is read.',
      required: false,
    }),
    labels: Property.Array({
      displayName: 'More Values',
      description:
        'Names of other values that stand at a label like the name, for example booking_id or check_in_date.',
      required: false,
    }),
    useModel: Property.Checkbox({
      displayName: 'Ask the Language Model',
      description: 'For fields that the rules left open. The text of the document goes to the provider.',
      required: false,
      defaultValue: false,
    }),
  },
  outputSchema: {
    fields: [
      { key: 'kind', label: 'Kind', description: 'invoice or receipt' },
      { key: 'source', label: 'Source', description: 'xml, text-layer or ocr' },
      { key: 'pages', label: 'Pages', format: 'number' },
      { key: 'fields', label: 'Fields', description: 'value, confidence and reason by name' },
      {
        key: 'labelled',
        label: 'More values',
        description: 'value, confidence and reason by the given name',
      },
      {
        key: 'lines',
        label: 'Lines',
        listItems: [
          { key: 'description', label: 'Description' },
          { key: 'quantity', label: 'Quantity', format: 'number' },
          { key: 'unitPrice', label: 'Unit price', format: 'number' },
          { key: 'total', label: 'Total', format: 'number' },
        ],
      },
      {
        key: 'checks',
        label: 'Checks',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'ok', label: 'OK' },
          { key: 'detail', label: 'Detail' },
        ],
      },
      { key: 'needsReview', label: 'Needs review', description: 'A check failed, or a field is uncertain' },
      { key: 'text', label: 'Text' },
    ],
  },
  async run({ auth, propsValue }) {
    const connection = readConnection(auth);
    if (propsValue.useModel === true && !hasModel(connection)) {
      throw notConfigured(
        'language model',
        'Choose a provider there, or switch "Ask the Language Model" off.',
      );
    }
    const { extractDocument } = await import('@bizstack/agents/documents');
    const kind = KINDS.find((one) => one === propsValue.kind);
    const languages = z.array(z.string()).catch([]).parse(propsValue.languages);
    const labels = parseInput('More Values', propsValue.labels ?? [], labelsSchema);
    const document = await extractDocument(bytesOf(propsValue.file), {
      kind,
      languages,
      labels,
      ...(propsValue.useModel === true ? { resolveOpen: resolver(connection) } : {}),
    });
    const uncertain = Object.values(document.fields).some(
      ({ confidence }: { confidence: number }) => confidence < 0.5,
    );
    return { ...document, needsReview: uncertain || document.checks.some(({ ok }) => !ok) };
  },
});

function bytesOf(file: ApFile): Uint8Array {
  const bytes = file.data;
  if (bytes === undefined || bytes.length === 0) {
    throw new BizError('BIZ_INPUT_INVALID', '"File" is empty.', {
      hint: 'Give the file of an earlier step.',
    });
  }
  return new Uint8Array(bytes);
}

/** The language model for what rules left open; what it says is checked against the document. */
function resolver(connection: Connection) {
  return async (text: string, missing: readonly string[], signal?: AbortSignal) => {
    const fields = Object.fromEntries(
      missing.map((name) => [name, z.union([z.string(), z.number(), z.null()]).optional()]),
    );
    const { value } = await ask(connection, {
      task: `Read these fields from the document: ${missing.join(', ')}. Dates as YYYY-MM-DD, amounts as numbers, currency as ISO code, names exactly as written. Null for what does not stand there.`,
      data: [{ source: 'document', text: text.slice(0, TEXT_MAX) }],
      schema: z.object(fields),
      ...(signal === undefined ? {} : { signal }),
    });
    return value;
  };
}
