import { type ConnectionPool } from '../engine/connection-pool';
import { type Engine } from '../engine/engine';
import { type RunningQueries } from '../engine/running';
import { type Sessions } from '../engine/sessions';
import { type Slots } from '../engine/slots';
import { type FifoPool } from './fifo';
import { type Spool } from './spool';

/** Everything that executing a statement needs. */
export interface QueryContext {
  readonly engine: Engine;
  readonly pool: ConnectionPool;
  readonly sessions: Sessions;
  readonly slots: Slots;
  readonly running: RunningQueries;
  readonly spool: Spool;
  readonly fifos: FifoPool;
}
