export * from './cursor';
export * from './dropdown';
export * from './errors';
export * from './json';
export * from './logo';
export * from './pool';
export * from './retry';
export * from './tls';
