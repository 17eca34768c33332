import { createPiece } from '@activepieces/pieces-framework';
import { PieceCategory } from '@activepieces/shared';
import { answerFromKnowledgeBaseAction } from './lib/actions/answer-from-knowledge-base';
import { categorizeTransactionAction } from './lib/actions/categorize-transaction';
import { classifyTextAction } from './lib/actions/classify-text';
import { createEmbeddingsAction } from './lib/actions/create-embeddings';
import { detectAnomaliesAction } from './lib/actions/detect-anomalies';
import { extractDocumentAction } from './lib/actions/extract-document';
import { extractStructuredDataAction } from './lib/actions/extract-structured-data';
import { forgetContactAction } from './lib/actions/forget-contact';
import { generateContentAction } from './lib/actions/generate-content';
import { indexKnowledgeAction } from './lib/actions/index-knowledge';
import { runContentAgentAction } from './lib/actions/run-content-agent';
import { runCustomAgentAction } from './lib/actions/run-custom-agent';
import { runFinanceAgentAction } from './lib/actions/run-finance-agent';
import { runOperationsAgentAction } from './lib/actions/run-operations-agent';
import { runSalesAgentAction } from './lib/actions/run-sales-agent';
import { runTeamAction } from './lib/actions/run-team';
import { scoreContentSeoAction } from './lib/actions/score-content-seo';
import { scoreLeadAction } from './lib/actions/score-lead';
import { suggestTopicsAction } from './lib/actions/suggest-topics';
import { summarizeTextAction } from './lib/actions/summarize-text';
import { trainLeadScoringAction } from './lib/actions/train-lead-scoring';
import { aiAgentsAuth } from './lib/auth';
import { LOGO } from './lib/logo';

export const aiAgents = createPiece({
  displayName: 'Business AI Agents',
  description: 'Agents for sales, content, finance and operations, lead scoring, documents and anomalies',
  auth: aiAgentsAuth,
  logoUrl: LOGO,
  authors: ['bizstack'],
  categories: [PieceCategory.ARTIFICIAL_INTELLIGENCE, PieceCategory.SALES_AND_CRM],
  actions: [
    runSalesAgentAction,
    runContentAgentAction,
    runFinanceAgentAction,
    runOperationsAgentAction,
    runCustomAgentAction,
    runTeamAction,
    indexKnowledgeAction,
    answerFromKnowledgeBaseAction,
    scoreLeadAction,
    trainLeadScoringAction,
    extractDocumentAction,
    detectAnomaliesAction,
    categorizeTransactionAction,
    classifyTextAction,
    extractStructuredDataAction,
    summarizeTextAction,
    generateContentAction,
    scoreContentSeoAction,
    suggestTopicsAction,
    createEmbeddingsAction,
    forgetContactAction,
  ],
  triggers: [],
});
