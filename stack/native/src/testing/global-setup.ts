import { keepRunning } from './jest-run';
import { servicesOfRun, type JestRun } from './services-of-run';
import { TestStack } from './test-stack';

/** Jest's `globalSetup`: starts the services of this run once, for all its projects. */
export default async function globalSetup(run: JestRun, project: unknown): Promise<void> {
  const services = servicesOfRun(run, project);
  if (services.length === 0) return;
  keepRunning(await TestStack.start(services));
}
