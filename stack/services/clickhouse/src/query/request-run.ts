import { type ServerResponse } from 'node:http';
import { type SessionLease } from '../engine/sessions';
import { type QueryOptions } from '../http/request';
import { type ResultWriter } from '../http/result-writer';

/** What every kind of statement needs of its request. */
export interface RequestRun {
  readonly options: QueryOptions;
  readonly session: SessionLease | undefined;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  readonly writer: ResultWriter;
  readonly response: ServerResponse;
  /** Announces the format of the answer. */
  readonly describe: (format: string) => void;
}
