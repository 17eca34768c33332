import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { aiAgentsAuth } from '../auth';
import { readConnection } from '../connection';
import { storeLeadModel } from '../lead-models';
import { modelNameProp } from '../props';

const ROWS_MAX = 200_000;
/** Progress is written to the run at most this often, in steps of the whole. */
const PROGRESS_STEP = 0.1;

const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]).catch(null);
const rowsSchema = z.array(z.record(z.string(), cellSchema)).min(1).max(ROWS_MAX);

export const trainLeadScoringAction = createAction({
  name: 'train_lead_scoring',
  auth: aiAgentsAuth,
  requireAuth: false,
  displayName: 'Train Lead Scoring',
  description:
    'Learns from closed leads which ones are won: a calibrated model, its quality, and suspicious columns',
  audience: 'both',
  aiMetadata: {
    description:
      'Train a lead scoring model on closed leads (rows with an outcome column). Gives the model for score_lead, its cross-validated metrics and warnings; stores it under a name in PostgreSQL when one is given. The same rows give the same version.',
    idempotent: true,
  },
  props: {
    rows: Property.Json({
      displayName: 'Closed Leads',
      description: 'A list of rows, for example the result of a query: one object for each closed lead.',
      required: true,
    }),
    target: Property.ShortText({
      displayName: 'Outcome Column',
      description: 'Column that says won or lost (1/0, yes/no, won/lost). Other rows are skipped.',
      required: true,
    }),
    exclude: Property.Array({
      displayName: 'Leave Out',
      description: 'Columns that are filled in after the outcome. A * at the end stands for anything.',
      required: false,
    }),
    modelName: modelNameProp,
  },
  outputSchema: {
    fields: [
      { key: 'version', label: 'Version' },
      { key: 'stored', label: 'Stored', description: 'Whether it was kept in PostgreSQL' },
      {
        key: 'metrics',
        label: 'Metrics',
        description: 'By cross validation: AUC, log loss, calibration error',
      },
      {
        key: 'columns',
        label: 'Columns',
        listItems: [
          { key: 'name', label: 'Name' },
          { key: 'kind', label: 'Kind' },
        ],
      },
      {
        key: 'warnings',
        label: 'Warnings',
        listItems: [
          { key: 'column', label: 'Column' },
          { key: 'kind', label: 'Kind' },
          { key: 'text', label: 'Text' },
        ],
      },
      {
        key: 'excluded',
        label: 'Left out',
        listItems: [
          { key: 'column', label: 'Column' },
          { key: 'reason', label: 'Reason' },
        ],
      },
      { key: 'skippedRows', label: 'Skipped rows', format: 'number' },
      { key: 'model', label: 'Model', description: 'For Score Lead' },
    ],
  },
  async run(context) {
    const { auth, propsValue } = context;
    const connection = readConnection(auth);
    const name = propsValue.modelName?.trim();
    const target = parseInput('Outcome Column', propsValue.target, z.string().trim().min(1));
    const rows = parseJsonProp('Closed Leads', propsValue.rows, rowsSchema);
    const exclude = parseInput('Leave Out', propsValue.exclude ?? [], z.array(z.string()));
    const { inferColumns, outcomeOf, trainLeadModel } = await import('@bizstack/agents/scoring');
    if (!rows.some((row) => Object.hasOwn(row, target))) {
      throw new BizError('BIZ_INPUT_INVALID', `No row has the column "${target}".`, {
        hint: 'Check the spelling of the outcome column.',
      });
    }
    const examples = rows.flatMap(({ [target]: outcome, ...row }) => {
      const won = outcomeOf(outcome);
      return won === undefined ? [] : [{ row, won }];
    });
    const { columns, excluded, warnings } = inferColumns(examples, { exclude });
    let shown = 0;
    let writing = Promise.resolve();
    const model = await trainLeadModel(examples, {
      columns,
      trainedAt: new Date().toISOString(),
      onProgress: ({ step, done }) => {
        if (done < shown + PROGRESS_STEP) return;
        shown = done;
        // Progress that cannot be shown does not end a training.
        writing = writing
          .then(() => context.output.update({ data: { step, percent: Math.round(done * 100) } }))
          .catch(() => undefined);
      },
    });
    await writing;
    if (name) await storeLeadModel(connection, name, model);
    return {
      version: model.version,
      stored: Boolean(name),
      metrics: model.metrics,
      columns,
      warnings,
      excluded,
      skippedRows: rows.length - examples.length,
      model,
    };
  },
});
