import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { ask, readText } from '../model';
import { usageField } from '../output-fields';
import { instructionsProp, textProp } from '../props';

const labelsSchema = z
  .array(z.string().trim().min(1).max(200))
  .min(2)
  .max(100)
  .refine((labels) => new Set(labels).size === labels.length, 'labels must differ');

export const classifyTextAction = createAction({
  name: 'classify_text',
  auth: aiAgentsAuth,
  displayName: 'Classify Text',
  description: 'Chooses the label that fits a text, with a confidence and the reason',
  audience: 'both',
  aiMetadata: {
    description:
      'Choose one of the given labels for a text (or several), with confidence and reason. Changes nothing.',
    idempotent: true,
  },
  props: {
    text: textProp,
    labels: Property.Array({ displayName: 'Labels', description: '2 to 100 labels.', required: true }),
    several: Property.Checkbox({
      displayName: 'Several Labels',
      description: 'Every label that fits, instead of the best one.',
      required: false,
      defaultValue: false,
    }),
    instructions: instructionsProp,
  },
  outputSchema: {
    fields: [
      { key: 'label', label: 'Label', description: 'The best label; null when none fits' },
      { key: 'labels', label: 'Labels' },
      {
        key: 'confidence',
        label: 'Confidence',
        format: 'number',
        description: "0–1, the model's own estimate",
      },
      { key: 'reason', label: 'Reason' },
      usageField,
    ],
  },
  async run({ auth, propsValue }) {
    const labels = parseInput('Labels', propsValue.labels, labelsSchema);
    const several = propsValue.several === true;
    const { value, usage } = await ask(readConnection(auth), {
      task: [
        several
          ? 'Choose every label that fits the text, the best first; none when nothing fits.'
          : 'Choose the one label that fits the text best; none only when nothing fits at all.',
        `Labels: ${JSON.stringify(labels)}`,
        propsValue.instructions ?? '',
      ].join('\n'),
      data: [{ source: 'text', text: readText('Text', propsValue.text, 200_000) }],
      schema: z.strictObject({
        labels: z.array(z.enum(labels)).max(several ? labels.length : 1),
        confidence: z.number().min(0).max(1),
        reason: z.string().max(1_000),
      }),
    });
    return { label: value.labels[0] ?? null, ...value, usage };
  },
});
