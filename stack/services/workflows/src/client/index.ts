export * from './content-publishing';
export * from './invoice-processing';
export * from './lead-to-cash';
export * from './names';
export * from './schemas';
export * from './start';
