export * from './build';
export * from './check';
export * from './error';
export * from './pack';
export { PROVIDED } from './provided';
