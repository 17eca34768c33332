import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError, isBizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { postgresAuth } from '../auth';
import { withTransaction } from '../client';
import { postgresError } from '../errors';
import { parseParameterList } from '../props/sql';
import { MAX_RETURNED_ROWS } from '../props/table';
import { statementBody } from '../query';

const statementsSchema = z
  .array(z.strictObject({ sql: z.string().trim().min(1), parameters: z.array(z.unknown()).nullish() }))
  .min(1)
  .max(100);

export const transaction = createAction({
  auth: postgresAuth,
  name: 'transaction',
  displayName: 'Transaction',
  description: 'Runs several SQL statements: all of them take effect, or none.',
  audience: 'human',
  aiMetadata: {
    description:
      'Run several SQL statements on PostgreSQL in one transaction. Destructive. When one fails nothing is changed.',
    idempotent: false,
  },
  props: {
    statements: Property.Json({
      displayName: 'Statements',
      description: 'A list of objects with sql and, for $1, $2, …, parameters. Up to 100.',
      required: true,
      defaultValue: [
        { sql: 'UPDATE accounts SET balance = balance - $1 WHERE id = $2', parameters: [10, 1] },
      ],
    }),
  },
  outputSchema: {
    fields: [
      {
        key: 'results',
        label: 'Results',
        listItems: [
          { key: 'command', label: 'Command' },
          { key: 'count', label: 'Rows', format: 'number' },
          { key: 'rows', label: 'Rows returned', listItems: [] },
        ],
      },
    ],
  },
  async run({ auth, propsValue }) {
    const statements = parseJsonProp('Statements', propsValue.statements, statementsSchema);
    const results = await withTransaction(auth.props, async (database) => {
      const done: { command: string; count: number; rows: unknown[] }[] = [];
      for (const [index, { sql, parameters }] of statements.entries()) {
        // A COMMIT in between would end the transaction, and with it the promise of all or none.
        if (
          /^(begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/.test(
            statementBody(sql),
          )
        ) {
          throw new BizError(
            'BIZ_POSTGRES_TRANSACTION_NESTED',
            `Statement ${index + 1} begins or ends a transaction.`,
            {
              hint: 'Leave it out: the step does that itself.',
            },
          );
        }
        try {
          const { command, count, rows } = await database.query(sql, parseParameterList(parameters));
          done.push({ command, count, rows: rows.slice(0, MAX_RETURNED_ROWS) });
        } catch (error) {
          throw inStatement(index, error);
        }
      }
      return done;
    });
    return { results };
  },
});

function inStatement(index: number, error: unknown): BizError {
  const { code, message, retryable, details } = isBizError(error)
    ? error
    : postgresError(error, 'the server');
  return new BizError(code, `Statement ${index + 1}: ${message}`, { cause: error, retryable, details });
}
