/** Slots of a key and model: so many run at once, the others wait in line. */
import { setMaxListeners } from 'node:events';

export interface TaskSlotsOptions<Entry> {
  slotOf(task: Entry): string;
  /** How many may run at once in the task's slot. */
  places(task: Entry): number;
  run(task: Entry, signal: AbortSignal): Promise<void>;
}

export interface TaskSlots<Entry> {
  enqueue(task: Entry): void;
  /** Takes a task that waits out of its line. */
  leave(task: Entry): void;
  /** Abandons what runs. */
  close(): Promise<void>;
}

export function createTaskSlots<Entry>({ slotOf, places, run }: TaskSlotsOptions<Entry>): TaskSlots<Entry> {
  const waiting = new Map<string, Entry[]>();
  const running = new Map<string, number>();
  const active = new Set<Promise<void>>();
  const stop = new AbortController();
  // Every running task listens.
  setMaxListeners(0, stop.signal);

  function startWaiting(slot: string): void {
    const queue = waiting.get(slot) ?? [];
    for (let next = queue[0]; next !== undefined && !stop.signal.aborted; next = queue[0]) {
      const count = running.get(slot) ?? 0;
      if (count >= places(next)) return;
      queue.shift();
      running.set(slot, count + 1);
      const finished = run(next, stop.signal).finally(() => {
        active.delete(finished);
        running.set(slot, (running.get(slot) ?? 1) - 1);
        startWaiting(slot);
      });
      active.add(finished);
    }
  }

  return {
    enqueue(task) {
      const slot = slotOf(task);
      waiting.set(slot, [...(waiting.get(slot) ?? []), task]);
      startWaiting(slot);
    },
    leave(task) {
      const slot = slotOf(task);
      const others = (waiting.get(slot) ?? []).filter((other) => other !== task);
      waiting.set(slot, others);
    },
    async close() {
      stop.abort();
      await Promise.allSettled(active);
    },
  };
}
