/** Asynchronous tasks: PENDING until a slot of their key and model is free, then RUNNING, then done. */
import { randomUUID } from 'node:crypto';
import type { LimitedModel } from './model-type.js';
import { Refusal } from './refusal.js';
import { createTaskSlots } from './task-slots.js';

export type TaskStatus = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

/** `Work` is what a submit asks for, `Outcome` what its generation gives. */
export interface Task<Work, Outcome> {
  id: string;
  model: LimitedModel;
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
  concurrentTasks(model: LimitedModel): number;
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
  const timers = new Set<NodeJS.Timeout>();
  const slots = createTaskSlots<Entry>({
    slotOf: (task) => `${task.apiKey} ${task.model.name}`,
    places: (task) => options.concurrentTasks(task.model),
    run: (task, signal) => run(task, options.run, signal),
  });
  function enqueueIn(ms: number, task: Entry): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (task.status === 'PENDING') slots.enqueue(task);
    }, ms);
    timers.add(timer);
  }
  return {
    submit(seed) {
      const task: Entry = { ...seed, id: randomUUID(), status: 'PENDING', submittedAtMs: Date.now() };
      tasks.set(task.id, task);
      const pendingMs = options.pendingMs();
      if (pendingMs === 0) slots.enqueue(task);
      else enqueueIn(pendingMs, task);
      return task;
    },
    find(id) {
      forgetOld(tasks, options.lifetimeMs());
      return tasks.get(id);
    },
    list() {
      forgetOld(tasks, options.lifetimeMs());
      return [...tasks.values()].reverse();
    },
    cancel(id) {
      const task = tasks.get(id);
      if (task?.status !== 'PENDING') return false;
      task.status = 'CANCELED';
      task.endedAtMs = Date.now();
      slots.leave(task);
      return true;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await slots.close();
    },
  };
}

async function run<Work, Outcome>(
  task: Task<Work, Outcome>,
  work: TaskQueueOptions<Work, Outcome>['run'],
  signal: AbortSignal,
): Promise<void> {
  task.status = 'RUNNING';
  task.scheduledAtMs = Date.now();
  try {
    task.outcome = await work(task, signal);
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

function forgetOld(tasks: Map<string, Task<unknown, unknown>>, lifetimeMs: number): void {
  const oldestMs = Date.now() - lifetimeMs;
  for (const task of tasks.values()) {
    if (task.submittedAtMs >= oldestMs) return;
    if (task.endedAtMs !== undefined) tasks.delete(task.id);
  }
}
