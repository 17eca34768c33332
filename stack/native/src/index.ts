export type * from './driver';
export type * from './log';
