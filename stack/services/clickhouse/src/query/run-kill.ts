import { failure } from '../errors';
import { type Connection } from '../engine/connection';
import { type RunningQuery } from '../engine/running';
import { quoteString } from '../sql/literal';
import { parseStatement, type Statement } from '../sql/statement';
import { type QueryContext } from './context';

/**
 * Carries out KILL QUERY on the ids that clients know, and returns the SELECT that stands for its answer.
 * SYNC waits until the statements have ended, TEST only looks.
 * @throws ClickHouseError 48 for ON CLUSTER
 */
export async function runKill(
  context: QueryContext,
  connection: Connection,
  statement: Statement,
  own: RunningQuery,
): Promise<Statement> {
  const { condition, mode, format } = readKill(statement);
  const rows = await connection.rows(
    `SELECT query_id, user, query, engine_tag FROM ${context.running.processes(true)} WHERE (${condition}) AND engine_tag != ${quoteString(own.tag)}`,
  );
  const found = rows.flatMap(([id, user, text, tag]) => {
    const query = context.running.byTag(tag ?? '');
    return query === undefined ? [] : [{ id: id ?? '', user: user ?? '', text: text ?? '', query }];
  });
  if (mode !== 'TEST') {
    const cancelled = found.map(({ query }) => context.running.cancel(query));
    if (mode === 'SYNC') await Promise.all(cancelled);
  }
  const status = mode === 'SYNC' ? 'finished' : mode === 'TEST' ? '' : 'waiting';
  const values = found.map(
    ({ id, user, text }) => `(${[status, id, user, text].map(quoteString).join(', ')})`,
  );
  const list = values.length === 0 ? "('', '', '', '')" : values.join(', ');
  return parseStatement(
    `SELECT * FROM values('kill_status String, query_id String, user String, query String', ${list}) WHERE ${values.length > 0 ? 1 : 0} ${format}`,
  );
}

export function isKillQuery(statement: Statement): boolean {
  return statement.keyword === 'KILL' && statement.tokens[1]?.value === 'QUERY';
}

type Mode = 'SYNC' | 'ASYNC' | 'TEST';

function readKill(statement: Statement): { condition: string; mode: Mode; format: string } {
  const { tokens, text } = statement;
  if (tokens[2]?.value === 'ON') throw failure('NOT_IMPLEMENTED', 'KILL QUERY ON CLUSTER is not served.');
  const where = tokens[2];
  if (where?.value !== 'WHERE') throw failure('SYNTAX_ERROR', 'Syntax error: KILL QUERY needs WHERE.');
  let end = tokens.length;
  let format = '';
  const formatToken = tokens[end - 2];
  if (formatToken?.value === 'FORMAT' && formatToken.type === 'word') {
    format = text.slice(formatToken.start);
    end -= 2;
  }
  const last = tokens[end - 1]?.value;
  const mode: Mode = last === 'SYNC' || last === 'TEST' ? last : 'ASYNC';
  if (last === 'SYNC' || last === 'ASYNC' || last === 'TEST') end -= 1;
  const condition = text.slice(where.end, tokens[end - 1]?.end).trim();
  if (condition === '') throw failure('SYNTAX_ERROR', 'Syntax error: KILL QUERY needs a condition.');
  return { condition, mode, format };
}
