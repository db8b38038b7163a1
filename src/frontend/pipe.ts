/** What stands in a client's pipe: drivers send a batch as one, and the engine comes to its Executes one by one, unless one fails. */
import { setImmediate as turn } from 'node:timers/promises';
import { frontendType, typeTable } from '../wire/message-types.js';
import type { AwaitedAnswers, SentMessage } from './awaited-answers.js';
import type { Bound } from './bound-values.js';

export interface Executed {
  bound: Bound;
  /** How many are asked for; 0: all. */
  rows: number;
}

export interface Pipe {
  /** Executes that stand directly one behind another, each list parted from the next by what is not known here. */
  runs: Executed[][];
  /** The engine is at one of them, or at what parts them. False: several pipes stand one behind another, and it may be at any. */
  certain: boolean;
  /** Of one of them it is not known what was bound: the engine may be at it, and it makes the same calls. */
  hides: boolean;
  /** The text of the Query that the engine is at, as it has it. */
  query: string | undefined;
}

/** The client's messages, and a word with each that matters here. */
export interface Piped<Text> {
  readonly awaited: Pick<AwaitedAnswers<Text>, 'first'>;
  /** Set while somebody waits for more. */
  sentMore: (() => void) | undefined;
}

/** After a Sync, a Query or a FunctionCall whatever failed before is over. */
const ends = typeTable([frontendType.sync, frontendType.query, frontendType.functionCall]);
const parts = typeTable([frontendType.copyDone, frontendType.copyFail]);
/** A driver writes its batch in one go. One that lets its user write between them sends what there is. */
const longestPauseMs = 20;
const longestMs = 500;

/** Waits for the end of the pipe as long as more of it comes in. */
export async function standingPipe<Text extends { text: string }>(piped: Piped<Text>): Promise<Pipe> {
  const until = performance.now() + longestMs;
  while (!isEnded(piped.awaited.first) && performance.now() < until) {
    if (!(await comesIn(piped))) break;
  }
  // The answer to the pipe before may have come in with the engine's question.
  if (isSeveral(piped.awaited.first)) await turn();
  const first = piped.awaited.first;
  const query = first?.type === frontendType.query && !first.next ? first.text?.text : undefined;
  return { runs: runsFrom(first), certain: !isSeveral(first), hides: hides(first), query };
}

function isEnded<Text>(first: SentMessage<Text> | undefined): boolean {
  return endOf(first) !== undefined;
}

function isSeveral<Text>(first: SentMessage<Text> | undefined): boolean {
  return endOf(first)?.next !== undefined;
}

function endOf<Text>(first: SentMessage<Text> | undefined): SentMessage<Text> | undefined {
  let at = first;
  while (at && ends[at.type] === 0) at = at.next;
  return at;
}

/** False: nothing has, for as long as a driver may take. */
function comesIn<Text>(piped: Piped<Text>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), longestPauseMs);
    piped.sentMore = () => {
      clearTimeout(timer);
      resolve(true);
    };
  }).then((came) => {
    piped.sentMore = undefined;
    return came as boolean;
  });
}

function hides<Text>(first: SentMessage<Text> | undefined): boolean {
  let at = first;
  while (at && !at.isHidden) at = at.next;
  return at !== undefined;
}

function runsFrom<Text>(first: SentMessage<Text> | undefined): Executed[][] {
  let last: Executed[] = [];
  const runs = [last];
  const part = () => {
    last = [];
    runs.push(last);
  };
  for (let at = first; at; at = at.next) {
    if (at.type !== frontendType.execute) {
      if (ends[at.type] === 1 || parts[at.type] === 1) part();
    } else if (at.bound && at.rows !== undefined) last.push({ bound: at.bound, rows: at.rows });
    else part();
  }
  return runs;
}
