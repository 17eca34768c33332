import { createAction, Property } from '@activepieces/pieces-framework';
import { parseInput } from '@bizstack/piece-common';
import { clickhouseAuth } from '../auth';
import { withDatabase } from '../client';
import { timeLimitProp, timeLimitSchema } from '../props/limits';
import {
  moreParametersProp,
  parametersProp,
  parseParameters,
  parseSettings,
  settingsProp,
} from '../props/sql';
import { MAX_RETURNED_ROWS } from '../props/table';
import { firstWord, maskSql, statementOf } from '../sql/mask';

export const executeStatement = createAction({
  auth: clickhouseAuth,
  name: 'execute_statement',
  displayName: 'Execute Statement',
  description: 'Runs any one SQL statement, also one that changes or deletes data or tables.',
  audience: 'human',
  aiMetadata: {
    description:
      'Run any SQL statement on ClickHouse. Destructive: it can change or delete anything the user may.',
    idempotent: false,
  },
  props: {
    sql: Property.LongText({
      displayName: 'SQL',
      description: 'One statement, with {name:Type} where values belong. Without FORMAT.',
      required: true,
    }),
    parameters: parametersProp,
    moreParameters: moreParametersProp,
    timeLimit: timeLimitProp,
    settings: settingsProp,
  },
  outputSchema: {
    fields: [
      { key: 'command', label: 'Command' },
      { key: 'rows', label: 'Rows', listItems: [] },
      { key: 'writtenRows', label: 'Rows written, as far as the server says', format: 'number' },
      { key: 'queryId', label: 'Query id' },
    ],
  },
  async run({ auth, propsValue }) {
    const command = firstWord(propsValue.sql);
    const statement = {
      params: parseParameters(propsValue),
      settings: parseSettings(propsValue.settings),
      ...parseInput('Time limit', propsValue.timeLimit, timeLimitSchema),
    };
    return withDatabase(auth.props, async (database) => {
      if (!givesRows(command, propsValue.sql)) {
        // As it stands: an INSERT may carry its data behind FORMAT.
        const { queryId, writtenRows } = await database.execute({ ...statement, sql: propsValue.sql });
        return { command: command.toUpperCase(), rows: [], writtenRows, queryId };
      }
      const { rows, queryId } = await database.executeRows({
        ...statement,
        sql: statementOf(propsValue.sql),
        limit: MAX_RETURNED_ROWS,
      });
      return { command: command.toUpperCase(), rows, writtenRows: 0, queryId };
    });
  },
});

function givesRows(command: string, sql: string): boolean {
  if (command === 'with') return !/\binsert\s+into\b/i.test(maskSql(sql).code);
  return /^(select|show|describe|desc|explain|exists|check|kill|values|from)$/.test(command);
}
