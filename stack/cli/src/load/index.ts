export { type LoadIntoActivepiecesOptions, loadIntoActivepieces } from './activepieces/load';
export { type ActivepiecesCredentials } from './activepieces/session';
export { loadCommand } from './command';
export { type LoadIntoNocobaseOptions, type NocobaseCredentials, loadIntoNocobase } from './nocobase/load';
export { type LoadAction, type LoadListener, type LoadReport, type LoadStep } from './report';
