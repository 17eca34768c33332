import { failure, toClickHouseError } from '../errors';
import { assertServed } from '../sql/guard';
import { type InsertHead } from '../sql/insert-head';
import { parseStatement } from '../sql/statement';
import { type QueryContext } from './context';
import { type RequestRun } from './request-run';
import { assertInputServed, runInsert } from './run-insert';
import { inTermsOfClient } from './statement-error';
import { withConnection } from './with-connection';

export interface InsertInput {
  /** Text up to the rows. */
  readonly sql: string;
  readonly head: InsertHead;
  readonly rows: AsyncIterable<Buffer>;
}

/**
 * Executes an INSERT whose rows come in the request. They are written to a file first: an upload that breaks
 * off inserts nothing, and no slot is held while it lasts.
 */
export async function executeInsert(context: QueryContext, run: RequestRun & InsertInput): Promise<void> {
  const { options, session, signal, writer, head } = run;
  const statement = parseStatement(`${head.target} ${head.settings}`);
  assertServed(statement);
  assertInputServed(head);
  if (options.readonly) {
    throw failure(
      'READONLY',
      'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries.',
    );
  }
  run.describe(options.format);
  const query = context.running.start(options.queryId, run.sql.trim());
  try {
    const file = await context.spool.store(query.tag, run.rows);
    try {
      const release = await context.slots.take(signal);
      try {
        // Rows in the format Values may hold parameters that are not looked for here.
        const placeholders = /^values$/i.test(head.format) ? undefined : statement.placeholders;
        const needs = { state: options.state, session, readonly: false, placeholders, changesSession: false };
        const summary = await withConnection(context, needs, (connection) =>
          runInsert(connection, head, file, query),
        );
        query.finish();
        await writer.end(summary);
      } finally {
        release();
      }
    } finally {
      await file.remove();
    }
  } catch (error) {
    query.finish();
    await writer.fail(await inTermsOfClient(context, toClickHouseError(error), `${run.sql.trim()}`));
  }
}
