import { type Adjust, adjustmentSchema } from '@bizstack/agents/scoring';
import type { Connection } from './connection';
import { ask } from './model';

/** Asks the connection's language model about a scored lead; its answer is capped by who asks. */
export function adjustByModel(connection: Connection): Adjust {
  return async ({ lead, scored, cap }) => {
    const { value } = await ask(connection, {
      task: [
        `A sales lead was scored ${scored.score} of 100. Judge by the lead's own words whether that is too high or too low.`,
        `Give points from ${-cap} to ${cap} (0 when there is no reason) and the reason in one sentence.`,
      ].join('\n'),
      data: [
        { source: 'lead', text: JSON.stringify(lead) },
        { source: 'score', text: JSON.stringify(scored.reasons) },
      ],
      schema: adjustmentSchema,
    });
    return value;
  };
}
