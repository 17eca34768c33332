/** Starts a workflow unless an earlier attempt, whose answer may have been lost, has started it. */
export async function startedOnce(start: () => Promise<unknown>): Promise<true> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
  }
  return true;
}
