export * from './access';
export * from './course-leads';
export * from './generated-leads';
export * from './kill';
export * from './lead';
export * from './post-leads';
export * from './run';
export * from './stations';
