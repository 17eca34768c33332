import type { TestStack } from './test-stack';

const KEY = Symbol.for('bizstack.testStack');

/** Jest loads setup and teardown as separate modules, so what runs is kept on the process's global object. */
const holder: typeof globalThis & { [KEY]?: TestStack } = globalThis;

export function keepRunning(stack: TestStack): void {
  holder[KEY] = stack;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void stopRunning().finally(() => process.exit(130));
    });
  }
}

export async function stopRunning(): Promise<void> {
  const stack = holder[KEY];
  holder[KEY] = undefined;
  await stack?.stop();
}
