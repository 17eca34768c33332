import { failure, toClickHouseError } from '../errors';
import { assertServed } from '../sql/guard';
import { isReadOnly, parseStatement, type Statement } from '../sql/statement';
import { type QueryContext } from './context';
import { withClientProcesses } from './processes';
import { watchProgress } from './progress';
import { type RequestRun } from './request-run';
import { runCommand } from './run-command';
import { isKillQuery, runKill } from './run-kill';
import { runQuery } from './run-query';
import { inTermsOfClient } from './statement-error';
import { withConnection } from './with-connection';

/** Executes a statement that is not an INSERT with rows, and answers. */
export async function executeStatement(
  context: QueryContext,
  run: RequestRun & { sql: string },
): Promise<void> {
  const { options, session, signal, writer } = run;
  const statement = parseStatement(run.sql);
  if (statement.text === '') throw failure('SYNTAX_ERROR', 'Syntax error: Empty query.');
  assertServed(statement);
  assertReadOnly(run, statement);
  const release = await context.slots.take(signal);
  const query = context.running.start(options.queryId, statement.text);
  const progress = watchProgress(context, query, options.progressMs);
  try {
    const needs = {
      state: options.state,
      session,
      readonly: options.readonly,
      // A parameterized view keeps its parameters open.
      placeholders: statement.keyword === 'CREATE' ? undefined : statement.placeholders,
      changesSession: statement.changesSession,
    };
    const summary = await withConnection(context, needs, async (connection) => {
      const served = isKillQuery(statement)
        ? await runKill(context, connection, statement, query)
        : withClientProcesses(context, statement);
      const defaultFormat = options.format;
      run.describe(served.format?.name ?? defaultFormat);
      const { waitEnd } = options;
      const details = { connection, statement: served, query, defaultFormat, waitEnd, signal, writer };
      const result = await (served.returnsRows ? runQuery(context, details) : runCommand(details));
      if (session !== undefined) rememberParameters(statement, session.ownParameters);
      return result;
    });
    query.finish();
    progress.addTo(run.response);
    await writer.end(summary);
  } catch (error) {
    query.finish();
    await writer.fail(await inTermsOfClient(context, toClickHouseError(error), statement.text));
  } finally {
    progress.stop();
    release();
  }
}

function assertReadOnly({ options, session }: RequestRun, statement: Statement): void {
  // Without a session the engine itself enforces it, by readonly = 2.
  if (!options.readonly || session === undefined || isReadOnly(statement)) return;
  throw failure(
    'READONLY',
    'Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries.',
  );
}

/** `SET param_x = …` of a session stays with it. */
function rememberParameters(statement: Statement, own: Set<string>): void {
  if (statement.keyword !== 'SET') return;
  for (const token of statement.tokens) {
    if (token.type !== 'word' || !token.value.startsWith('PARAM_')) continue;
    own.add(statement.text.slice(token.start + 'param_'.length, token.end));
  }
}
