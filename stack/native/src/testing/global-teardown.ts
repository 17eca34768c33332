import { stopRunning } from './jest-run';

/** Jest's `globalTeardown`: stops what the setup of this run started. */
export default async function globalTeardown(): Promise<void> {
  await stopRunning();
}
