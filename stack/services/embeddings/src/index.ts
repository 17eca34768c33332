export { startServer, type EmbeddingsServer, type ServerOptions } from './server';
export { assembleModel, MODEL_NAME } from './model-files';
