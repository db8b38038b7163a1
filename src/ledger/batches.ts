/** Puts what is to be done at the same time into one piece of work: a thousand calls then cost a few round trips and disk flushes. */
import { setImmediate as turn } from 'node:timers/promises';

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const mostAtOnce = 500;

/**
 * Returns a function that does one item, together with those that came while earlier ones were under way. `work` gives a result
 * for each item, in order; when it fails, each item is tried alone, so that nobody gets another's error. Items of the same key
 * follow one another.
 */
export function inBatches<Item, Result>(
  keyOf: (item: Item) => string,
  work: (items: Item[]) => Promise<Result[]>,
): (item: Item) => Promise<Result> {
  let queue: Waiting<Item, Result>[] = [];
  let underWay = false;

  function takeBatch(): Waiting<Item, Result>[] {
    const batch = new Map<string, Waiting<Item, Result>>();
    const rest: typeof queue = [];
    for (const waiting of queue) {
      const key = keyOf(waiting.item);
      if (batch.size < mostAtOnce && !batch.has(key)) batch.set(key, waiting);
      else rest.push(waiting);
    }
    queue = rest;
    return [...batch.values()];
  }

  async function perform(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else await Promise.all(batch.map((waiting) => perform([waiting])));
    }
  }

  async function performAll(): Promise<void> {
    underWay = true;
    // What is asked for in this turn of the event loop comes along.
    for (await turn(); queue.length > 0; await turn()) await perform(takeBatch());
    underWay = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (!underWay) void performAll();
    });
}
