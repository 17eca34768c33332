export { detectAnomalies } from './detect';
export type { Flag, Severity } from './flag';
export { anomalySettingsSchema, FLAG_KINDS, parseAnomalySettings } from './settings';
export type { AnomalySettings, AnomalySettingsInput, FlagKind } from './settings';
export { transactionSchema } from './transaction';
export type { Transaction } from './transaction';
