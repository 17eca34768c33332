export {
  contentAgent,
  type ContentAgentOptions,
  type ContentOutput,
  type ContentResult,
  type ContentSettings,
  type ContentVariant,
} from './agent';
export { brandVoiceProblems, brandVoiceSchema, type BrandVoice } from './brand-voice';
export type { AskedQuestion, ContentPorts, PublishedItem, TopicPerformance } from './ports';
export { readability, type Readability } from './readability';
export { scoreSeo, type SeoCheck, type SeoInput, type SeoScore } from './seo';
export { suggestTopics, type TopicsInput, type TopicSuggestion } from './topics';
export { compareVariants, type Variant, type VariantPair } from './variants';
export { plainText, similarity, wordsOf } from './words';
