import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { cancelWorkflow } from './lib/actions/cancel-workflow';
import { countWorkflows } from './lib/actions/count-workflows';
import { describeWorkflow } from './lib/actions/describe-workflow';
import { executeUpdate } from './lib/actions/execute-update';
import { getHistory } from './lib/actions/get-history';
import { getResult } from './lib/actions/get-result';
import { listWorkflows } from './lib/actions/list-workflows';
import { queryWorkflow } from './lib/actions/query-workflow';
import { resetWorkflow } from './lib/actions/reset-workflow';
import { backfillSchedule } from './lib/actions/schedules/backfill-schedule';
import { createSchedule } from './lib/actions/schedules/create-schedule';
import { deleteSchedule } from './lib/actions/schedules/delete-schedule';
import { describeSchedule } from './lib/actions/schedules/describe-schedule';
import { listSchedules } from './lib/actions/schedules/list-schedules';
import { pauseSchedule } from './lib/actions/schedules/pause-schedule';
import { triggerSchedule } from './lib/actions/schedules/trigger-schedule';
import { unpauseSchedule } from './lib/actions/schedules/unpause-schedule';
import { updateSchedule } from './lib/actions/schedules/update-schedule';
import { signalWithStart } from './lib/actions/signal-with-start';
import { signalWorkflow } from './lib/actions/signal-workflow';
import { startWorkflow } from './lib/actions/start-workflow';
import { terminateWorkflow } from './lib/actions/terminate-workflow';
import { updateWithStart } from './lib/actions/update-with-start';
import { waitForWorkflow } from './lib/actions/wait-for-workflow';
import { temporalAuth } from './lib/auth';
import { logo } from './lib/logo';
import { workflowClosed } from './lib/triggers/workflow-closed';
import { workflowWaiting } from './lib/triggers/workflow-waiting';

export const temporal = createPiece({
  displayName: 'Temporal',
  description: 'Start, signal, query, update and watch durable workflows, and manage their schedules.',
  auth: temporalAuth,
  minimumSupportedRelease: '0.82.0',
  logoUrl: logo,
  authors: ['bizstack'],
  categories: [PieceCategory.DEVELOPER_TOOLS],
  actions: [
    startWorkflow,
    signalWorkflow,
    signalWithStart,
    queryWorkflow,
    executeUpdate,
    updateWithStart,
    describeWorkflow,
    getResult,
    waitForWorkflow,
    getHistory,
    listWorkflows,
    countWorkflows,
    cancelWorkflow,
    terminateWorkflow,
    resetWorkflow,
    createSchedule,
    updateSchedule,
    describeSchedule,
    listSchedules,
    triggerSchedule,
    pauseSchedule,
    unpauseSchedule,
    backfillSchedule,
    deleteSchedule,
  ],
  triggers: [workflowClosed, workflowWaiting],
});
