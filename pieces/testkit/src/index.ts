export * from './action';
export * from './options';
export * from './trigger';
export { type AuthInput, type ContextAuth, toConnectionValue } from './context/auth';
export type { Identity, Waitpoint } from './context/action-context';
export { createFileHost, type FileHost } from './context/file-host';
export { createStore, FileStoreBackend, MemoryStoreBackend, type StoreBackend } from './context/store';
export type { TriggerSchedule } from './context/trigger-context';
export { LIMITS } from './limits';
