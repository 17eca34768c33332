import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { scoreLeadAction } from './lib/actions/score-lead';
import { aiAgentsAuth } from './lib/auth';
import { LOGO } from './lib/logo';

export const aiAgents = createPiece({
  displayName: 'Business AI Agents',
  description: 'Scores leads by rules that anybody can read, each point with its reason',
  auth: aiAgentsAuth,
  logoUrl: LOGO,
  authors: ['bizstack'],
  categories: [PieceCategory.ARTIFICIAL_INTELLIGENCE, PieceCategory.SALES_AND_CRM],
  actions: [scoreLeadAction],
  triggers: [],
});
