import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { cancelQuery } from './lib/actions/cancel-query';
import { createTable } from './lib/actions/create-table';
import { deleteRows } from './lib/actions/delete-rows';
import { describeTable } from './lib/actions/describe-table';
import { executeStatement } from './lib/actions/execute-statement';
import { explainQuery } from './lib/actions/explain-query';
import { insertFromFile } from './lib/actions/insert-from-file';
import { insertRows } from './lib/actions/insert-rows';
import { listDatabases } from './lib/actions/list-databases';
import { listRunningQueries } from './lib/actions/list-running-queries';
import { listTables } from './lib/actions/list-tables';
import { query } from './lib/actions/query';
import { queryToFile } from './lib/actions/query-to-file';
import { updateRows } from './lib/actions/update-rows';
import { upsertRows } from './lib/actions/upsert-rows';
import { clickhouseAuth } from './lib/auth';
import { logo } from './lib/logo';
import { newRow } from './lib/triggers/new-row';
import { queryAlert } from './lib/triggers/query-alert';

export const clickhouse = createPiece({
  displayName: 'ClickHouse',
  description: 'Query and fill ClickHouse tables: typed parameters, checked rows, files of any size.',
  auth: clickhouseAuth,
  minimumSupportedRelease: '0.82.0',
  logoUrl: logo,
  authors: ['bizstack'],
  categories: [PieceCategory.DEVELOPER_TOOLS],
  actions: [
    query,
    queryToFile,
    insertRows,
    insertFromFile,
    upsertRows,
    updateRows,
    deleteRows,
    createTable,
    executeStatement,
    listDatabases,
    listTables,
    describeTable,
    explainQuery,
    listRunningQueries,
    cancelQuery,
  ],
  triggers: [newRow, queryAlert],
});
