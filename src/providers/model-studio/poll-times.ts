/** How long to wait for the next look at a task. */

/** The provider advises 10 to 15 s a look, and 3 s while a task is fresh. */
export function advisedPauseMs(runningMs: number): number {
  return runningMs < 30_000 ? 3_000 : runningMs < 300_000 ? 10_000 : 15_000;
}
