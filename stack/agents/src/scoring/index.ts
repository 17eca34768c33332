export { DEFAULT_RULES } from './default-rules';
export { applyOverride, parseRuleOverride, ruleOverrideSchema, ruleSetSchema } from './rules';
export type { Factor, RuleOverride, RuleSet } from './rules';
export { scoreLead, gradeOf } from './score-lead';
export type { ScoreLeadOptions } from './score-lead';
export { neighbourSchema, SIMILARITY_CAP } from './similarity';
export type { Neighbour } from './similarity';
export type { Locale } from './text';
