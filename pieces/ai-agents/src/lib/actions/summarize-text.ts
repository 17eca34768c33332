import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { readText } from '../model';
import { usageField } from '../output-fields';
import { instructionsProp, textProp } from '../props';
import { summarize } from '../summarize';

export const summarizeTextAction = createAction({
  name: 'summarize_text',
  auth: aiAgentsAuth,
  displayName: 'Summarize Text',
  description: 'Puts a text in short; long texts are read part by part',
  audience: 'both',
  aiMetadata: {
    description:
      'Summarize a text of any length (up to two million characters), with its key points. Changes nothing.',
    idempotent: true,
  },
  props: {
    text: textProp,
    words: Property.Number({
      displayName: 'Words',
      description: 'About how long the summary is, 10 to 2,000.',
      required: false,
      defaultValue: 150,
    }),
    outputLanguage: Property.ShortText({
      displayName: 'Write In',
      description: 'Language of the result, for example English or 中文. Empty: that of the text.',
      required: false,
    }),
    instructions: instructionsProp,
  },
  outputSchema: {
    fields: [
      { key: 'summary', label: 'Summary' },
      { key: 'keyPoints', label: 'Key points' },
      { key: 'parts', label: 'Parts', format: 'number', description: 'Parts that the text was read in' },
      usageField,
    ],
  },
  async run({ auth, propsValue }) {
    return summarize(readConnection(auth), {
      text: readText('Text', propsValue.text, 2_000_000),
      words: parseInput('Words', propsValue.words ?? 150, z.number().int().min(10).max(2_000)),
      language: propsValue.outputLanguage?.trim() || undefined,
      instructions: propsValue.instructions ?? '',
    });
  },
});
