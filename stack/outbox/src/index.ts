export { type Relay, type RelayLog, type RelayMetrics, type RelayOptions, startRelay } from './relay';
