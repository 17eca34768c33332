export { operationsAgent, type OperationsOutput, type OperationsResult } from './agent';
export { findBottlenecks, type StepReport, type StepRun } from './bottlenecks';
export { forecast, type Forecast, type ForecastOptions, type Point } from './forecast';
export type { OperationsPorts } from './ports';
