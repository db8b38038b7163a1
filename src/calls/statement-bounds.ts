/** Whether a statement may ask for calls now, and for how many. */
import { getHeapStatistics } from 'node:v8';
import { KnownError } from '../errors.js';
import type { Drain } from '../ledger/draining.js';
import { formatPath, isDirectory, joinPath } from '../storage/path.js';
import type { CallArguments, CheckedCall } from './check.js';
import { saysOwnName } from './save.js';
import type { Statement, StatementCall } from './statement.js';

/** A statement that has begun its calls is let make the others: it would lose what it has waited for. */
export function refuseWhileDraining(
  { calls, detached }: Pick<Statement, 'calls' | 'detached'>,
  drain: Drain | undefined,
): void {
  if (!drain || calls.length + detached.length > 0) return;
  throw new KnownError({
    kind: 'cannotConnectNow',
    message: `this gateway takes no new calls: it is drained by ${drain.by} since ${drain.since.toISOString()}`,
    hint: 'Connect again, to another gateway where there are several; SELECT * FROM hologen.gateways shows them. Statements without calls, ai_wait and ai_estimate go on here.',
    retryable: true,
  });
}

export function refuseTooMany(statement: Statement): void {
  const { calls, detached, inPlaceOfOthers, maxCalls } = statement;
  if (calls.length + detached.length - inPlaceOfOthers < maxCalls) return;
  throw new KnownError({
    kind: 'configurationLimitExceeded',
    message: `the statement makes more than ${maxCalls} calls`,
    hint: 'SET ai_gen.max_calls to as many as you mean, or write a LIMIT.',
  });
}

/** As the benchmark has it a call takes some 5 KB until its statement is over. */
const bytesOfACall = 8 * 1024;
/** Half of the memory is for calls: max_calls is the session's own word, and the gateway's memory is everybody's. */
const mostCallsAtOnce = Math.floor(getHeapStatistics().heap_size_limit / 2 / bytesOfACall);
/** So many a statement makes between two looks at what all have. */
const callsBetween = 500;

export function refuseBeyondMemory(
  { calls, detached }: Pick<Statement, 'calls' | 'detached'>,
  running: () => Statement[],
): void {
  if ((calls.length + detached.length) % callsBetween !== 0) return;
  const held = running().reduce((sum, each) => sum + each.calls.length + each.detached.length, 0);
  if (held < mostCallsAtOnce) return;
  throw new KnownError({
    kind: 'programLimitExceeded',
    message: `the gateway has memory for ${mostCallsAtOnce} calls of running statements, and these have so many`,
    hint: 'Write a LIMIT, or run it again when others are over.',
  });
}

/** They are kept until the statement is over. */
const mostRequestCharacters = 64 * 1024 * 1024;

export function refuseTooLong(
  { request }: CallArguments,
  statement: Pick<Statement, 'requests' | 'estimate'>,
  running: () => Statement[],
): void {
  const { requests } = statement;
  const before = Math.floor(requests.characters / charactersBetween);
  // There may be any number of estimates, each with a count of its own.
  const isNew = statement.estimate !== undefined && requests.characters === 0;
  requests.characters += request?.length ?? 0;
  if (isNew || Math.floor(requests.characters / charactersBetween) > before)
    refuseBeyondCharacters(running());
  if (requests.characters <= mostRequestCharacters) return;
  throw new KnownError({
    kind: 'programLimitExceeded',
    message: `the requests of the statement are more than ${mostRequestCharacters / 1024 / 1024} MiB together`,
    hint: 'Write a LIMIT, or keep media in a store and name their paths.',
  });
}

/** A quarter of the memory is for requests of all. */
const mostCharactersAtOnce = Math.floor(getHeapStatistics().heap_size_limit / 4);
const charactersBetween = 1024 * 1024;

/** Statements of one engine process have one count. */
function refuseBeyondCharacters(running: Statement[]): void {
  const held = [...new Set(running.map(({ requests }) => requests))];
  if (held.reduce((sum, { characters }) => sum + characters, 0) <= mostCharactersAtOnce) return;
  throw new KnownError({
    kind: 'programLimitExceeded',
    message: `the requests of all running statements are more than ${Math.floor(mostCharactersAtOnce / 1024 / 1024)} MiB together`,
    hint: 'Run it again when others are over, or keep media in a store and name their paths.',
  });
}

/** Of two files of one name the second would take the place of the first, which is paid for. */
export function refuseTakenName(
  checked: CheckedCall,
  reuse: StatementCall['reuse'],
  { named }: Statement,
): void {
  const path = ownPath(checked);
  const other = path === undefined ? undefined : named.get(path);
  if (!other || other.aside || cameToNothing(other) || isRepeated(other, checked, reuse)) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${checked.request.fileName === undefined ? 'output_dir' : 'name'} is not unique: two calls of the statement would save ${path}`,
    hint: "Put what tells the rows apart into it, such as a key: 'name', sku || '-{i}'; or {request}. One request that is to be made once: SET ai_gen.reuse = on.",
  });
}

/** Nothing of it is saved. */
function cameToNothing({ course: { call } }: StatementCall): boolean {
  return call.state === 'ended' && (call.result === undefined || call.error !== undefined);
}

/**
 * The same call: it is to be made once, or asked for again when it has been made, by a loop or for a row that others have changed meanwhile; what was
 * submitted before may have been undone.
 */
function isRepeated(
  { checked: other, course, ...own }: StatementCall,
  checked: CheckedCall,
  reuse: StatementCall['reuse'],
): boolean {
  const isSame =
    other.requestText === checked.requestText &&
    other.model.name === checked.model.name &&
    JSON.stringify(other.file) === JSON.stringify(checked.file);
  return isSame && ((reuse === 'on' && own.reuse === 'on') || course.call.state === 'ended' || own.detached);
}

export function takeName(call: StatementCall): void {
  const path = ownPath(call.checked);
  const { named } = call.statement;
  const other = path === undefined ? undefined : named.get(path);
  if (path !== undefined && (!other || other.aside || cameToNothing(other))) named.set(path, call);
}

/** Of a call that was set aside and is sent after all: meanwhile another one may save there. */
export function takeNameAgain(call: StatementCall): void {
  const path = ownPath(call.checked);
  const isOwn = path !== undefined && call.statement.named.get(path) === call;
  if (!isOwn) refuseTakenName(call.checked, call.reuse, call.statement);
  takeName(call);
}

/** Undefined: it does not say the name itself. */
function ownPath({ request }: CheckedCall): string | undefined {
  const { fileName = '', output } = request;
  if (!output || !saysOwnName(request)) return undefined;
  return formatPath(isDirectory(output) ? joinPath(output, fileName) : output);
}
