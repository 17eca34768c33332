export { type Chunk, chunkDocument, type ChunkingOptions, DEFAULT_CHUNKING } from './chunking/chunk-document';
export {
  createKnowledgeBase,
  type IndexedSource,
  type IndexOptions,
  type KnowledgeBaseOptions,
  type RetrievalKnowledgeBase,
} from './create-knowledge-base';
export type { Block, BlockKind, LoadedDocument } from './document';
export type { EmbeddingsOptions } from './embeddings';
export type { RetrievalFailure } from './errors';
export type { IndexProgress, IndexResult } from './index-sources';
export { loadDocument, type LoadOptions } from './loaders/load-document';
export type { RetrievalUser } from './qdrant/filters';
export type { RetrievedPassage, SearchMode, SearchOptions } from './search';
export { type KnowledgeSource, SOURCE_FORMATS, type SourceAccess, type SourceFormat } from './source';
