import { ClickHouseError } from '../errors';
import { quoteString } from '../sql/literal';
import { type QueryContext } from './context';

const SYNTAX_ERROR = 62;

/**
 * Brings an engine's error into the terms of the statement that the client sent: the engine saw one with an
 * OUTFILE or INFILE clause of ours.
 */
export async function inTermsOfClient(
  context: QueryContext,
  error: ClickHouseError,
  original: string,
): Promise<ClickHouseError> {
  if (error.code === SYNTAX_ERROR) {
    const own = await parseErrorOf(context, original);
    if (own !== undefined) return own;
  }
  const hide = (text: string): string =>
    text
      .replaceAll(`(in file/uri ${context.spool.dir}`, '(in the request body ')
      .replace(/\(in the request body [^)]*\)/g, '(in the request body)')
      .replace(/\s*INTO OUTFILE '[^']*' TRUNCATE/g, '')
      .replace(/\/\*bizstack_q_[0-9a-f]{32}\*\//g, '')
      .replaceAll(context.spool.dir, '<spool>');
  if (hide(error.text) === error.text) return error;
  const name = /\(([A-Z0-9_]+)\)$/.exec(error.text)?.[1] ?? 'UNKNOWN_EXCEPTION';
  return new ClickHouseError(error.code, name, hide(error.message), { cause: error, text: hide(error.text) });
}

async function parseErrorOf(context: QueryContext, sql: string): Promise<ClickHouseError | undefined> {
  try {
    await context.engine.control.run(`SELECT formatQuery(${quoteString(sql)}) FORMAT Null`);
    return undefined;
  } catch (error) {
    if (!(error instanceof ClickHouseError) || error.code !== SYNTAX_ERROR) return undefined;
    const tidy = (text: string): string =>
      text.replace(
        /\s*(?::\s*)?(?:In scope SELECT formatQuery|while executing 'FUNCTION formatQuery)[\s\S]*$/i,
        '',
      );
    const message = tidy(error.message);
    return new ClickHouseError(SYNTAX_ERROR, 'SYNTAX_ERROR', message, { cause: error });
  }
}
