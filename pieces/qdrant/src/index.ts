import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { clearPayloadAction } from './lib/actions/clear-payload';
import { countPointsAction } from './lib/actions/count-points';
import { createCollectionAction } from './lib/actions/create-collection';
import { createPayloadIndexAction } from './lib/actions/create-payload-index';
import { customApiCallAction } from './lib/actions/custom-api-call';
import { deleteCollectionAction } from './lib/actions/delete-collection';
import { deletePayloadAction } from './lib/actions/delete-payload';
import { deletePayloadIndexAction } from './lib/actions/delete-payload-index';
import { deletePointsAction } from './lib/actions/delete-points';
import { facetPayloadAction } from './lib/actions/facet-payload';
import { findSimilarAction } from './lib/actions/find-similar';
import { getCollectionAction } from './lib/actions/get-collection';
import { getPointsAction } from './lib/actions/get-points';
import { listCollectionsAction } from './lib/actions/list-collections';
import { overwritePayloadAction } from './lib/actions/overwrite-payload';
import { recommendPointsAction } from './lib/actions/recommend-points';
import { scrollPointsAction } from './lib/actions/scroll-points';
import { searchPointsAction } from './lib/actions/search-points';
import { setPayloadAction } from './lib/actions/set-payload';
import { upsertPointsAction } from './lib/actions/upsert-points';
import { qdrantAuth } from './lib/auth';
import { LOGO } from './lib/logo';

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
    deleteCollectionAction,
    customApiCallAction,
  ],
  triggers: [],
});
