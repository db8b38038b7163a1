/**
 * Long texts are rewritten in a process of their own, one after another: parsing takes some 10 ms per 1,000 characters, in which nobody else
 * would be answered. What takes too much of anything is left as it was written. A thread would not do: out of memory inside JSON.parse, it
 * takes the whole gateway with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from 'pino';
import { packagePath } from '../package-root.js';
import type { Answer } from './long-texts-process.js';

export interface LongTexts {
  /** Never rejects. */
  rewrite(text: string): Promise<Answer>;
}

export interface LongTextLimits {
  /** Longer texts are not even looked at. */
  characters: number;
  /** From asking to the answer, those before it included. */
  timeMs: number;
  /** What the process may take beside the parser's own memory, which goes with the text's length. */
  memoryMb: number;
  /** After so long without work the process ends: the parser gives no memory back. */
  idleMs: number;
}

/** The process bounds the words of a text too (see there): together some 500 MB at the very worst, and 100 MB as people write. */
const usualLimits: LongTextLimits = { characters: 2 ** 20, timeMs: 10_000, memoryMb: 256, idleMs: 10_000 };

interface Job {
  readonly text: string;
  readonly timer: NodeJS.Timeout;
  settle(outcome: Answer): void;
}

/** Those who wait, whose text is being rewritten, and the process that does it. */
interface Line {
  readonly log: Logger;
  readonly limits: LongTextLimits;
  readonly waiting: Job[];
  running: Job | undefined;
  process: ChildProcess | undefined;
  idle: NodeJS.Timeout | undefined;
}

export function createLongTexts(log: Logger, changes: Partial<LongTextLimits> = {}): LongTexts {
  const limits = { ...usualLimits, ...changes };
  const line: Line = { log, limits, waiting: [], running: undefined, process: undefined, idle: undefined };
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
    line.process ??= startProcess(line);
    // Where it cannot be sent, the process's end or error says so.
    line.process.send(line.running.text, () => {});
  } else line.idle = setTimeout(() => endProcess(line), line.limits.idleMs).unref();
}

function startProcess(line: Line): ChildProcess {
  // The built file, also for a gateway that runs from its sources: Node cannot load those by itself.
  const child = fork(packagePath('dist', 'src', 'frontend', 'long-texts-process.js'), {
    env: {},
    execArgv: [`--max-old-space-size=${line.limits.memoryMb}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  const lost = (left: string) => {
    if (line.process !== child) return;
    line.process = undefined;
    finish(line, { left });
  };
  child.on('message', (answer: Answer) => {
    if (line.process !== child) return;
    if ('mistake' in answer && answer.mistake) line.log.error(answer, 'a statement could not be rewritten');
    // It ends behind such an answer.
    if ('left' in answer && 'mistake' in answer) line.process = undefined;
    finish(line, answer);
  });
  child.on('error', (error) => {
    line.log.error({ err: error }, 'the process for long texts cannot be started or reached');
    lost('it could not be rewritten');
  });
  child.on('exit', () => lost('it takes too much memory'));
  return child;
}

function endProcess(line: Line): void {
  const { process: child } = line;
  line.process = undefined;
  child?.kill('SIGKILL');
}

function giveUp(line: Line, job: Job): void {
  const outcome = { left: `it could not be rewritten within ${line.limits.timeMs / 1000} s` };
  if (line.running === job) {
    endProcess(line);
    finish(line, outcome);
    return;
  }
  line.waiting.splice(line.waiting.indexOf(job), 1);
  job.settle(outcome);
}

function finish(line: Line, outcome: Answer): void {
  const job = line.running;
  line.running = undefined;
  if (job) {
    clearTimeout(job.timer);
    job.settle(outcome);
  }
  runNext(line);
}
