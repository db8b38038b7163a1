/** How long to wait for the next look at a task that has been running for so long. */

/** The provider advises 10 to 15 s a look, and 3 s while a task is fresh. */
export function advisedPoll(runningMs: number): number {
  return runningMs < 30_000 ? 3_000 : runningMs < 300_000 ? 10_000 : 15_000;
}

/** A sandbox that is told to be quick is looked at as much more often. */
export function sandboxPoll(videoMs: number): (runningMs: number) => number {
  return () => Math.min(3_000, Math.max(50, videoMs / 10));
}
