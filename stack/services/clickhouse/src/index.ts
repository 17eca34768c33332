export { startServer, type RunningServer } from './server';
export { type ServerOptions } from './options';
