import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { deleteRows } from './lib/actions/delete-rows';
import { describeTable } from './lib/actions/describe-table';
import { executeStatement } from './lib/actions/execute-statement';
import { insertRows } from './lib/actions/insert-rows';
import { listTables } from './lib/actions/list-tables';
import { query } from './lib/actions/query';
import { queryToFile } from './lib/actions/query-to-file';
import { transaction } from './lib/actions/transaction';
import { updateRows } from './lib/actions/update-rows';
import { upsertRows } from './lib/actions/upsert-rows';
import { postgresAuth } from './lib/auth';
import { logo } from './lib/logo';
import { newRow } from './lib/triggers/new-row';
import { queryAlert } from './lib/triggers/query-alert';

export const postgres = createPiece({
  displayName: 'PostgreSQL',
  description: 'Read and write PostgreSQL tables, safely: bound values, checked names, transactions.',
  auth: postgresAuth,
  minimumSupportedRelease: '0.82.0',
  logoUrl: logo,
  authors: ['bizstack'],
  categories: [PieceCategory.DEVELOPER_TOOLS],
  actions: [
    query,
    queryToFile,
    insertRows,
    upsertRows,
    updateRows,
    deleteRows,
    executeStatement,
    transaction,
    listTables,
    describeTable,
  ],
  triggers: [newRow, queryAlert],
});
