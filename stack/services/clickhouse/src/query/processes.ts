import { parseStatement, type Statement } from '../sql/statement';
import { type QueryContext } from './context';

/** Lets SHOW PROCESSLIST and `FROM system.processes` show the ids and texts that clients sent. */
export function withClientProcesses(context: QueryContext, statement: Statement): Statement {
  const { tokens, text, keyword } = statement;
  if (keyword === 'SHOW' && tokens[1]?.value === 'PROCESSLIST') {
    const rest = tokens[2] === undefined ? '' : text.slice(tokens[2].start);
    return parseStatement(`SELECT * FROM ${context.running.processes()} ORDER BY elapsed DESC ${rest}`);
  }
  if (keyword !== 'SELECT' && keyword !== 'WITH') return statement;
  let out = '';
  let copied = 0;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const table = tokens[index + 2];
    if (token.value.toLowerCase() !== 'system' || tokens[index + 1]?.value !== '.') return;
    if (table?.value.toLowerCase() !== 'processes') return;
    if (before?.value !== 'FROM' && before?.value !== 'JOIN' && before?.value !== ',') return;
    out += text.slice(copied, token.start) + context.running.processes();
    copied = table.end;
  });
  return copied === 0 ? statement : parseStatement(out + text.slice(copied));
}
