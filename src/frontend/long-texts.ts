/**
 * Long texts are rewritten in a thread of their own, one after another: parsing takes some 10 ms per 1,000 characters, in which nobody else
 * would be answered. What takes too much of anything is left as it was written.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { packagePath } from '../package-root.js';
import type { ThreadAnswer } from './long-texts-thread.js';

export interface LongTexts {
  /** Never rejects. */
  rewrite(text: string): Promise<ThreadAnswer>;
}

export interface LongTextLimits {
  /** Longer texts are not even looked at. */
  characters: number;
  /** From asking to the answer, those before it included. */
  timeMs: number;
  /** What the thread may take beside the parser's own memory, which goes with the text's length. */
  memoryMb: number;
  /** After so long without work the thread ends: the parser gives no memory back. */
  idleMs: number;
}

/** The thread bounds the words of a text too (see there): together some 500 MB at the very worst, and 100 MB as people write. */
const usualLimits: LongTextLimits = { characters: 2 ** 20, timeMs: 10_000, memoryMb: 256, idleMs: 10_000 };

interface Job {
  readonly text: string;
  readonly timer: NodeJS.Timeout;
  settle(outcome: ThreadAnswer): void;
}

/** Those who wait, whose text is in the thread, and the thread. */
interface Line {
  readonly log: Logger;
  readonly limits: LongTextLimits;
  readonly waiting: Job[];
  running: Job | undefined;
  thread: Worker | undefined;
  idle: NodeJS.Timeout | undefined;
}

export function createLongTexts(log: Logger, changes: Partial<LongTextLimits> = {}): LongTexts {
  const limits = { ...usualLimits, ...changes };
  const line: Line = { log, limits, waiting: [], running: undefined, thread: undefined, idle: undefined };
  const tooLong = `it is longer than ${limits.characters} characters`;
  return {
    rewrite: (text) =>
      text.length > limits.characters
        ? Promise.resolve({ left: tooLong })
        : new Promise((settle) => {
            const timer = setTimeout(() => giveUp(line, job), limits.timeMs).unref();
            const job: Job = { text, timer, settle };
            line.waiting.push(job);
            runNext(line);
          }),
  };
}

function runNext(line: Line): void {
  if (line.running) return;
  clearTimeout(line.idle);
  line.running = line.waiting.shift();
  if (line.running) {
    line.thread ??= startThread(line);
    line.thread.postMessage(line.running.text);
  } else line.idle = setTimeout(() => endThread(line), line.limits.idleMs).unref();
}

function startThread(line: Line): Worker {
  // The built file, also for a gateway that runs from its sources: Node cannot load those in a thread.
  const thread = new Worker(packagePath('dist', 'src', 'frontend', 'long-texts-thread.js'), {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: line.limits.memoryMb },
  });
  thread.unref();
  const lost = (left: string) => {
    if (line.thread !== thread) return;
    line.thread = undefined;
    finish(line, { left });
  };
  thread.on('message', (answer: ThreadAnswer) => {
    if (line.thread === thread) finish(line, answer);
  });
  thread.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') lost('it takes too much memory');
    else if (/call stack/.test(error.message)) lost('it is nested too deeply');
    else {
      line.log.error({ err: error }, 'a statement could not be rewritten');
      lost('it could not be rewritten');
    }
  });
  thread.on('exit', () => lost('it could not be rewritten'));
  return thread;
}

function endThread(line: Line): void {
  const { thread } = line;
  line.thread = undefined;
  thread?.terminate();
}

function giveUp(line: Line, job: Job): void {
  const outcome = { left: `it could not be rewritten within ${line.limits.timeMs / 1000} s` };
  if (line.running === job) {
    endThread(line);
    finish(line, outcome);
    return;
  }
  line.waiting.splice(line.waiting.indexOf(job), 1);
  job.settle(outcome);
}

function finish(line: Line, outcome: ThreadAnswer): void {
  const job = line.running;
  line.running = undefined;
  if (job) {
    clearTimeout(job.timer);
    job.settle(outcome);
  }
  runNext(line);
}
