import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { batchQueryAction } from './lib/actions/batch-query';
import { clearPayloadAction } from './lib/actions/clear-payload';
import { countPointsAction } from './lib/actions/count-points';
import { createCollectionAction } from './lib/actions/create-collection';
import { createPayloadIndexAction } from './lib/actions/create-payload-index';
import { createSnapshotAction } from './lib/actions/create-snapshot';
import { customApiCallAction } from './lib/actions/custom-api-call';
import { deleteAliasAction } from './lib/actions/delete-alias';
import { deleteCollectionAction } from './lib/actions/delete-collection';
import { deletePayloadAction } from './lib/actions/delete-payload';
import { deletePayloadIndexAction } from './lib/actions/delete-payload-index';
import { deletePointsAction } from './lib/actions/delete-points';
import { discoverPointsAction } from './lib/actions/discover-points';
import { facetPayloadAction } from './lib/actions/facet-payload';
import { findSimilarAction } from './lib/actions/find-similar';
import { getCollectionAction } from './lib/actions/get-collection';
import { getPointsAction } from './lib/actions/get-points';
import { listAliasesAction } from './lib/actions/list-aliases';
import { listCollectionsAction } from './lib/actions/list-collections';
import { listSnapshotsAction } from './lib/actions/list-snapshots';
import { overwritePayloadAction } from './lib/actions/overwrite-payload';
import { recommendPointsAction } from './lib/actions/recommend-points';
import { scrollPointsAction } from './lib/actions/scroll-points';
import { searchPointsAction } from './lib/actions/search-points';
import { setAliasAction } from './lib/actions/set-alias';
import { setPayloadAction } from './lib/actions/set-payload';
import { updateCollectionAction } from './lib/actions/update-collection';
import { upsertPointsAction } from './lib/actions/upsert-points';
import { qdrantAuth } from './lib/auth';
import { LOGO } from './lib/logo';
import { newPointTrigger } from './lib/triggers/new-point';

export const qdrant = createPiece({
  displayName: 'Qdrant',
  description: 'Vector search: store texts and vectors, find what is alike',
  auth: qdrantAuth,
  logoUrl: LOGO,
  authors: ['bizstack'],
  categories: [PieceCategory.ARTIFICIAL_INTELLIGENCE, PieceCategory.DEVELOPER_TOOLS],
  actions: [
    searchPointsAction,
    upsertPointsAction,
    findSimilarAction,
    recommendPointsAction,
    discoverPointsAction,
    batchQueryAction,
    getPointsAction,
    scrollPointsAction,
    countPointsAction,
    facetPayloadAction,
    deletePointsAction,
    setPayloadAction,
    overwritePayloadAction,
    deletePayloadAction,
    clearPayloadAction,
    createPayloadIndexAction,
    deletePayloadIndexAction,
    listCollectionsAction,
    getCollectionAction,
    createCollectionAction,
    updateCollectionAction,
    deleteCollectionAction,
    listAliasesAction,
    setAliasAction,
    deleteAliasAction,
    createSnapshotAction,
    listSnapshotsAction,
    customApiCallAction,
  ],
  triggers: [newPointTrigger],
});
