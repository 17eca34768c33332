import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { z } from 'zod';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { moreParametersProp, parametersProp, parseParameters } from '../props/sql';
import { statementOf } from '../sql/mask';

const KINDS = {
  plan: 'PLAN',
  indexes: 'PLAN indexes = 1, actions = 0',
  pipeline: 'PIPELINE',
  estimate: 'ESTIMATE',
  syntax: 'SYNTAX',
  ast: 'AST',
} as const;

type Kind = keyof typeof KINDS;

const kindSchema = z
  .enum(['plan', 'indexes', 'pipeline', 'estimate', 'syntax', 'ast'])
  .nullish()
  .transform((kind) => kind ?? 'indexes');

export const explainQuery = createAction({
  auth: clickhouseAuth,
  name: 'explain_query',
  displayName: 'Explain Query',
  description: 'Says how the server would run a query, without running it.',
  audience: 'both',
  aiMetadata: {
    description: 'Explain a ClickHouse query: plan, use of indexes, pipeline, rows to read. Does not run it.',
    idempotent: true,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'A SELECT, with {name:Type} where values belong.',
      required: true,
    }),
    parameters: parametersProp,
    moreParameters: moreParametersProp,
    kind: Property.StaticDropdown<Kind, false>({
      displayName: 'What to show',
      description: 'Which part of the answer is of interest.',
      required: false,
      defaultValue: 'indexes',
      options: {
        options: [
          { label: 'Plan with use of indexes', value: 'indexes' },
          { label: 'Plan', value: 'plan' },
          { label: 'Pipeline', value: 'pipeline' },
          { label: 'Estimate of parts, rows and marks to read', value: 'estimate' },
          { label: 'Query after optimisation of its syntax', value: 'syntax' },
          { label: 'Syntax tree', value: 'ast' },
        ],
      },
    }),
  },
  outputSchema: {
    fields: [
      { key: 'text', label: 'Explanation' },
      { key: 'rows', label: 'Rows', listItems: [] },
    ],
  },
  async run({ auth, propsValue }) {
    const kind = parseInput('What to show', propsValue.kind, kindSchema);
    const { rows } = await withDatabase(auth.props, (database) =>
      database.read({
        // As a subquery, because a FORMAT behind EXPLAIN AST would become part of the tree.
        sql: `SELECT * FROM (EXPLAIN ${KINDS[kind]} ${statementOf(propsValue.sql)})`,
        params: parseParameters(propsValue),
      }),
    );
    const text = rows
      .map(({ explain, ...row }) => (typeof explain === 'string' ? explain : JSON.stringify(row)))
      .join('\n');
    return { text, rows: kind === 'estimate' ? rows : [] };
  },
});
