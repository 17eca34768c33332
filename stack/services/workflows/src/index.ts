export { createActivities, type Activities, type ActivityParts } from './activities';
export { Database } from './activities/database';
export { failureInterceptor } from './activities/failures';
export { BUNDLES, buildBundles } from './bundle';
export { type Config, readConfig, type Settings } from './config';
export { jsonLog, type Log } from './log';
export { type Service, startService } from './service';
export { connectionOptions, registerSearchAttributes } from './temporal';
