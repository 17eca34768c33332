export { financeAgent, type FinanceAgentOptions, type FinanceOutput, type FinanceResult } from './agent';
export { renderFacts, type Fact, type Rendered } from './facts';
export { centsOf, decimalOf, formatMoney } from './money';
export type { FinancePorts, InvoiceFacts, ReportColumn, ReportRows } from './ports';
export { checkRefund, refundPolicySchema, type RefundPolicy, type RefundVerdict } from './refund-policy';
