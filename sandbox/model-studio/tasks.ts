/** Asynchronous tasks: PENDING until a slot of their key and model is free, then RUNNING, then done. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { ModelType } from './model-types.js';
import { Refusal } from './refusal.js';

export type TaskStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

/** `Work` is what a submit asks for, `Outcome` what its generation gives. */
export interface Task<Work, Outcome> {
  id: string;
  model: ModelType;
  /** Service path it was submitted to. */
  path: string;
  apiKey: string;
  /** request_id of the submit. */
  requestId: string;
  status: TaskStatus;
  submittedAtMs: number;
  scheduledAtMs?: number;
  endedAtMs?: number;
  work: Work;
  outcome?: Outcome;
  failure?: { code: string; message: string };
}

export type TaskSeed<Work> = Pick<Task<Work, unknown>, 'model' | 'path' | 'apiKey' | 'requestId' | 'work'>;

export interface TaskQueueOptions<Work, Outcome> {
  run(task: Task<Work, Outcome>, signal: AbortSignal): Promise<Outcome>;
  concurrentTasks(model: ModelType): number;
  /** Milliseconds after which a task is forgotten: its id is UNKNOWN then. */
  lifetimeMs(): number;
  /** Milliseconds a task stays PENDING even when a slot is free. */
  pendingMs(): number;
}

export interface TaskQueue<Work, Outcome> {
  submit(seed: TaskSeed<Work>): Task<Work, Outcome>;
  find(id: string): Task<Work, Outcome> | undefined;
  /** Newest first. */
  list(): Task<Work, Outcome>[];
  /** False unless the task was PENDING. */
  cancel(id: string): boolean;
  close(): Promise<void>;
}

/** Opens an empty queue; `close` abandons what runs. */
export function createTaskQueue<Work, Outcome>(
  options: TaskQueueOptions<Work, Outcome>,
): TaskQueue<Work, Outcome> {
  type Entry = Task<Work, Outcome>;
  const tasks = new Map<string, Entry>();
  const waiting = new Map<string, Entry[]>();
  const running = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const active = new Set<Promise<void>>();
  const stop = new AbortController();
  // Every running task listens.
  setMaxListeners(0, stop.signal);
  const slotOf = (task: Entry) => `${task.apiKey} ${task.model.name}`;

  async function run(task: Entry): Promise<void> {
    task.status = 'RUNNING';
    task.scheduledAtMs = Date.now();
    try {
      task.outcome = await options.run(task, stop.signal);
      task.status = 'SUCCEEDED';
    } catch (error) {
      const known = error instanceof Refusal;
      task.failure = known
        ? { code: error.code, message: error.message }
        : { code: 'InternalError', message: String(error) };
      task.status = 'FAILED';
    }
    task.endedAtMs = Date.now();
  }

  function startWaiting(slot: string): void {
    const queue = waiting.get(slot) ?? [];
    for (let next = queue[0]; next && !stop.signal.aborted; next = queue[0]) {
      const count = running.get(slot) ?? 0;
      if (count >= options.concurrentTasks(next.model)) return;
      queue.shift();
      running.set(slot, count + 1);
      const finished = run(next).finally(() => {
        active.delete(finished);
        running.set(slot, (running.get(slot) ?? 1) - 1);
        startWaiting(slot);
      });
      active.add(finished);
    }
  }

  function enqueue(task: Entry): void {
    if (task.status !== 'PENDING') return;
    const slot = slotOf(task);
    const queue = waiting.get(slot) ?? [];
    queue.push(task);
    waiting.set(slot, queue);
    startWaiting(slot);
  }

  function forgetOld(): void {
    const oldestMs = Date.now() - options.lifetimeMs();
    for (const task of tasks.values()) {
      if (task.submittedAtMs >= oldestMs) return;
      if (task.endedAtMs !== undefined) tasks.delete(task.id);
    }
  }

  return {
    submit(seed) {
      const task: Entry = { ...seed, id: randomUUID(), status: 'PENDING', submittedAtMs: Date.now() };
      tasks.set(task.id, task);
      const pendingMs = options.pendingMs();
      if (pendingMs === 0) {
        enqueue(task);
        return task;
      }
      const timer = setTimeout(() => {
        timers.delete(timer);
        enqueue(task);
      }, pendingMs);
      timers.add(timer);
      return task;
    },
    find(id) {
      forgetOld();
      return tasks.get(id);
    },
    list() {
      forgetOld();
      return [...tasks.values()].reverse();
    },
    cancel(id) {
      const task = tasks.get(id);
      if (task?.status !== 'PENDING') return false;
      task.status = 'CANCELED';
      task.endedAtMs = Date.now();
      const slot = slotOf(task);
      waiting.set(
        slot,
        (waiting.get(slot) ?? []).filter((other) => other !== task),
      );
      return true;
    },
    async close() {
      stop.abort();
      for (const timer of timers) clearTimeout(timer);
      await Promise.allSettled(active);
    },
  };
}
