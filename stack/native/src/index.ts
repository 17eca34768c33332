export * from './driver';
export * from './log';
export { defaultCacheDir, statePaths, type StatePaths } from './state/paths';
export { maskFacts, resolveFacts, SecretStore, secretOf } from './state/secrets';
export { basePortOf, parseBasePort, PORT_BLOCK } from './state/ports';
export { isLock, lockOwner, tryLock, waitForLock, type Lock } from './state/lock';
export { isSameProcess, processStartTime } from './state/process-info';
export { readState, writeFileAtomic } from './state/state-file';
export { LogFile, tailOf } from './supervisor/log-file';
export { lineReporter, type Reporter, type StackEvent } from './supervisor/reporter';
export { readStatus, type StackStatus } from './supervisor/status';
export { findRootDir, Stack, type StackOptions } from './supervisor/stack';
export { runCommand, type RunOptions } from './install/run-command';
export {
  cacheEntry,
  cacheEntryDir,
  fileHash,
  isComplete,
  keyHash,
  type CacheEntryOptions,
} from './install/cache-entry';
export { pythonPackagesDir } from './install/python';
export { compareVersions, findMissingTools, requireTools } from './install/tools';
export { nodeBinary } from './install/node-binary';
export { autogenPackages, autogenServerDir } from './services/autogen';
export { DRIVERS, PROFILES, servicesOf } from './services';
export { connectionValues } from './services/flows';
