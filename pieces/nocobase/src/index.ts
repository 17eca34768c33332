import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { askAiEmployeeAction } from './lib/actions/ask-ai-employee';
import { createRecordAction } from './lib/actions/create-record';
import { deleteRecordAction } from './lib/actions/delete-record';
import { getRecordAction } from './lib/actions/get-record';
import { listCollectionsAction } from './lib/actions/list-collections';
import { listRecordsAction } from './lib/actions/list-records';
import { notifyUserAction } from './lib/actions/notify-user';
import { runActionAction } from './lib/actions/run-action';
import { updateRecordAction } from './lib/actions/update-record';
import { uploadFileAction } from './lib/actions/upload-file';
import { upsertRecordAction } from './lib/actions/upsert-record';
import { nocobaseAuth } from './lib/auth';
import { LOGO } from './lib/logo';
import { recordEventInstantTrigger } from './lib/triggers/record-event-instant';
import { recordEventTrigger } from './lib/triggers/record-event';

export const nocobase = createPiece({
  displayName: 'NocoBase',
  description: 'Records, actions, files and notifications of NocoBase',
  auth: nocobaseAuth,
  logoUrl: LOGO,
  authors: ['bizstack'],
  categories: [PieceCategory.SALES_AND_CRM, PieceCategory.PRODUCTIVITY],
  actions: [
    listRecordsAction,
    getRecordAction,
    createRecordAction,
    updateRecordAction,
    upsertRecordAction,
    deleteRecordAction,
    runActionAction,
    askAiEmployeeAction,
    notifyUserAction,
    uploadFileAction,
    listCollectionsAction,
  ],
  triggers: [recordEventTrigger, recordEventInstantTrigger],
});
