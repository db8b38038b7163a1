/** One at a time within a lane, in the order of arrival; lanes do not know of each other. */

export interface Lanes {
  /** Runs the work when everything that entered the lane before is over, however it ended. */
  run<T>(lane: string, work: () => Promise<T>): Promise<T>;
}

export function createLanes(): Lanes {
  const ends = new Map<string, Promise<unknown>>();
  return {
    run(lane, work) {
      const outcome = (ends.get(lane) ?? Promise.resolve()).then(work);
      const end = outcome
        .catch(() => {})
        .then(() => {
          if (ends.get(lane) === end) ends.delete(lane);
        });
      ends.set(lane, end);
      return outcome;
    },
  };
}
