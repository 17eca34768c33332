export * from './errors';
export * from './event';
export * from './event-types';
export * from './ids';
export * from './lead';
export * from './names';
export * from './signature';
export * from './workflow-event';
