export { readConfig, type Config } from './config';
export { jsonLogger, type Logger } from './log';
export { startBridge, type RunningBridge } from './service';
