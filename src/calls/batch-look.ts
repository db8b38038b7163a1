/** How the engine is asked what a batch's calls will be, and what becomes of what it finds. */
import type { CallOrigin } from '../ledger/job.js';
import type { Batch, Form } from './batch.js';
import { type Alone, comeTogether, inTurns } from './batch-candidates.js';
import type { SubmittedCall } from './check.js';
import { endLook, hasFound, lostWhileLooking, newLookAhead, noteFound, whyUncertain } from './look-ahead.js';
import { unknownParameters } from './look-problem.js';
import type { Making, NamesFound } from './making.js';
import { tellSerial } from './serial-notes.js';
import { readSessionSettings } from './session-settings.js';
import { foundOthers, setAside } from './set-aside.js';
import type { JudgedPart, Part, ReadOnce, SqlReader } from './sql-reader.js';
import type { Statement, StatementCall } from './statement.js';

type OwnBatch = Batch<Statement, StatementCall>;

/** What the engine is to plan. */
export interface BatchLook {
  batch: { statement: string; query: string; types: number[] }[];
}

export interface BatchPlans {
  types: string[];
  plan: unknown;
  problem: string | undefined;
}

/** Of the batch in whose look the engine is. */
export interface BatchAnswers {
  batchPlans(call: SubmittedCall, plans: BatchPlans[], origin: CallOrigin): Promise<object>;
  batchNames(
    call: SubmittedCall,
    found: NamesFound,
    origin: CallOrigin,
  ): Promise<{ runs: string[] } | object>;
  batchLooked(call: SubmittedCall, look: BatchLooked, origin: CallOrigin): void;
}

export interface BatchLooked {
  problem: string | undefined;
  /** Parts, from 1, that come to calls of later stages, too; `first`: before all others. */
  coming: number[];
  first: number[];
}

/** What the engine is to look at before the call is made; undefined if the statement comes with no others, or if it is not known what they ask. */
export async function beginBatch(
  given: SubmittedCall,
  statement: Statement,
  making: Making,
): Promise<BatchLook | undefined> {
  const { atOnce, dryRun } = readSessionSettings(given.settings);
  if (!atOnce || dryRun) return undefined;
  const found = await comeTogether(given, statement, making);
  if ('why' in found) {
    tellWhy(statement, found, making);
    return undefined;
  }
  const forms = new Map<string, Form>();
  const parts = found.map(({ part, given: types, values, standing }): OwnBatch['parts'][number] => {
    const since = standing?.bound.isKept ? 'prepared' : undefined;
    const key = JSON.stringify([part.text, types, since]);
    const form = forms.get(key) ?? { part, given: types, types: [], since };
    forms.set(key, form);
    const own = standing ? making.statements.expect(statement, textOf(part, given)) : statement;
    const ahead = newLookAhead<StatementCall>(part.query);
    Object.assign(ahead, { stage: 1, bound: standing?.bound });
    if (standing) Object.assign(own, { ahead, standingText: standing.bound.text });
    return { form, values, statement: own, ahead };
  });
  const batch: OwnBatch = {
    ...{ parts, forms: [...forms.values()], oneText: !found[0]?.standing },
    ...{ looking: true, begun: 0, telling: 0, started: false },
  };
  for (const part of [{ statement }, ...parts]) part.statement.batch = batch;
  return {
    batch: batch.forms.map(({ part, given: types }) => ({
      ...{ statement: part.text, query: part.query.forStage(1), types },
    })),
  };
}

/** In the client's own words, where it is the text that the client's statement has. */
function textOf(
  { text }: Part,
  { engineText, statement }: SubmittedCall,
): Pick<Statement, 'text' | 'stopsAtRows'> {
  return text === engineText ? statement : { text, stopsAtRows: true };
}

export function answerAboutBatches(making: Making): BatchAnswers {
  const { statements, reader } = making;
  const of = (given: SubmittedCall, origin: CallOrigin) => {
    const statement = statements.of(origin, readSessionSettings(given.settings), given.statement);
    if (!statement.batch?.looking) throw lostWhileLooking();
    return { statement, batch: statement.batch };
  };
  return {
    async batchPlans(given, plans, origin) {
      const { statement, batch } = of(given, origin);
      const judged = await judgeForms(batch, plans, reader);
      if (!('why' in judged)) return judged;
      giveUp(batch, statement, judged.why, making);
      return {};
    },
    async batchNames(given, { unsure, others, doubt }, origin) {
      const { statement, batch } = of(given, origin);
      const why =
        whyUncertain({ unsure, doubt }) ??
        (others ? 'functions of your own have the names of AI functions' : undefined);
      if (why === undefined) return { runs: await textsToRun(batch, reader) };
      giveUp(batch, statement, why, making);
      return {};
    },
    batchLooked(given, looked, origin) {
      const statement = statements.of(origin, readSessionSettings(given.settings), given.statement);
      const { batch } = statement;
      if (!batch?.looking) return;
      leaveBatch(batch, looked, statements);
      const comesLater = looked.coming.length > 0 || looked.first.length > 0;
      if (!comesLater && !batch.parts.some(({ ahead }) => hasFound(ahead, given))) dropParts(batch);
    },
  };
}

/** What is to be asked about all plans together, or why there is nothing to be asked. */
export async function judgeForms(
  { forms, oneText }: Pick<OwnBatch, 'forms' | 'oneText'>,
  plans: BatchPlans[],
  reader: SqlReader,
): Promise<object | { why: string }> {
  const writes = forms.flatMap(({ part }) => part.writes ?? []);
  const each = await inTurns([...forms.entries()], ([index, form]) => {
    const { plan, types, problem } = plans[index] ?? notPlanned;
    form.types = types;
    return problem === undefined ? reader.judgePart(plan, form.part, form.since) : { why: problem };
  });
  const unsure = each.find((one) => 'why' in one);
  if (unsure) return unsure;
  const judged = each as JudgedPart[];
  const tellsItsTime = judged.some(({ functions }) => functions.some((each) => ownTime.test(each)));
  if (!oneText && tellsItsTime) return { why: 'statement_timestamp is another one for each' };
  const lists = ['functions', 'operators', 'relations', 'uniqueScans'] as const;
  const all = lists.map((list) => [list, [...new Set(judged.flatMap((each) => each[list]))]]);
  return {
    ...judged[0],
    ...Object.fromEntries(all),
    ...aboutNames(judged),
    // Values have the types of their parameters, and are compared and cast by them.
    types: [...new Set([...judged.flatMap(({ types }) => types), ...forms.flatMap(({ types }) => types)])],
    since: forms.find((form) => form.since)?.since,
    ownOnly: judged.some(({ ownOnly }) => ownOnly),
    // A function may read what another statement has written, and in a pipe when each of them begins.
    readNothing: writes.length > 0 || !oneText,
    ...{ writes, reads: judged.flatMap(({ reads }) => reads) },
  };
}

/** What their texts name, for what their plans do not tell. */
function aboutNames(judged: JudgedPart[]): Partial<JudgedPart> {
  return {
    hides: judged.some(({ hides }) => hides),
    ways: judged.some(({ ways }) => ways),
    tables: judged.flatMap(({ tables = [] }) => tables),
    scanned: judged.flatMap(({ scanned = [] }) => scanned),
    readOnce: readOnceOf(judged.flatMap(({ readOnce }) => readOnce ?? [])),
    sources: {
      tables: judged.flatMap(({ sources }) => sources?.tables ?? []),
      functions: judged.flatMap(({ sources }) => sources?.functions ?? []),
    },
  };
}

function readOnceOf(each: ReadOnce[]): ReadOnce {
  return {
    moments: each.some(({ moments }) => moments),
    kinds: each.flatMap(({ kinds }) => kinds),
    operators: each.flatMap(({ operators }) => operators),
    types: each.flatMap(({ types }) => types),
  };
}

const ownTime = /(?:^|\.)"?statement_timestamp"?$/;

const notPlanned: BatchPlans = { types: [], plan: undefined, problem: 'it is not planned' };

/** The queries of all parts that call, with their parameters' values. */
async function textsToRun({ parts }: OwnBatch, reader: SqlReader): Promise<string[]> {
  const types = parts.flatMap(({ form, values }) =>
    values.map((_value, index) => form.types[index] ?? 'text'),
  );
  const given = parts.flatMap(({ values }) => values);
  const texts = await reader.valueTexts(types, given).catch(() => {
    throw lostWhileLooking(unknownParameters);
  });
  let at = 0;
  return parts.map(({ form, values }) => {
    const own = texts.slice(at, at + values.length);
    at += values.length;
    if (!form.part.calls) return 'SELECT';
    return reader.withValues(form.part.query.forStage(1, 'noted'), form.types, own);
  });
}

/** A call of the batch that will be come to. A refused one is told when it is, and those behind it are not asked for. */
export async function noteInBatch(
  given: SubmittedCall,
  place: number,
  batch: OwnBatch,
  origin: CallOrigin,
  { newCall, add }: Pick<Making, 'newCall' | 'add'>,
): Promise<void> {
  batch.begun = Math.max(batch.begun, place);
  const part = batch.parts[place - 1];
  if (!part) throw lostWhileLooking();
  const { refused } = part.statement;
  const call = await newCall(given, origin, part.statement).catch((error: unknown) => {
    part.statement.refused = refused;
    throw error;
  });
  await add(call);
  noteFound(part.ahead, given, call, 'again');
}

function giveUp(
  batch: OwnBatch,
  statement: Statement,
  why: string,
  making: Pick<Making, 'statements' | 'reader'>,
): void {
  tellWhy(statement, { why, oneText: batch.oneText }, making);
  leaveBatch(batch, { problem: why, coming: [], first: [] }, making.statements);
}

/** The engine has looked, or will not; `problem`: with the last part that it began with. What it has not come to is found one by one. */
function leaveBatch(batch: OwnBatch, looked: BatchLooked, { forget }: Making['statements']): void {
  const { problem } = looked;
  batch.looking = false;
  const last = batch.parts[batch.begun - 1];
  if (problem !== undefined && last) endLook(last.ahead, problem);
  const [found, others] = [batch.parts.splice(0, batch.begun), batch.parts];
  for (const at of looked.first) {
    const part = found[at - 1];
    if (part) part.ahead.comesLater = true;
  }
  const known = batch.oneText ? found : found.slice(0, unsureAt(found, looked));
  batch.parts = known.filter(({ ahead }) => ahead.found.size > 0);
  for (const { statement } of [...found, ...others]) {
    if (!statement.isExpected) continue;
    if (statement.calls.length === 0) forget(statement);
    // What was found of it is not sent.
    else statement.isExpected = batch.parts.some((part) => part.statement === statement);
  }
}

/** The look has not come upon the very call that began it: what it found is another statement's. */
function dropParts(batch: OwnBatch): void {
  for (const { statement, ahead } of batch.parts.splice(0)) {
    endLook(ahead, foundOthers);
    setAside(statement, ahead);
    statement.isExpected = false;
  }
}

/**
 * One whose first call was not found: nobody could tell it from one of the parts behind it. Nor from one of a part before it that was found to make
 * none, and does after all.
 */
function unsureAt(parts: OwnBatch['parts'], { coming, first }: BatchLooked): number {
  const idle = parts.findIndex(({ ahead }) => ahead.found.size === 0);
  const at = parts.findIndex(({ ahead }, index) => {
    if (ahead.found.size === 0) return coming.includes(index + 1);
    return first.includes(index + 1) && idle >= 0 && idle < index;
  });
  return at < 0 ? parts.length : at;
}

/** Of one text it is told at the second call that comes alone. */
function tellWhy(
  statement: Statement,
  { why: reason, oneText }: Alone,
  { reader, statements }: Pick<Making, 'statements' | 'reader'>,
): void {
  if (reason === undefined) return;
  if (oneText && statement.ahead) {
    statement.ahead.why = reason;
    return;
  }
  statements.serialOf(statement).told = true;
  const whose = 'statements that were sent together';
  tellSerial(statement, { whose, reason, form: reader.otherForm(reason, 'together') });
}
