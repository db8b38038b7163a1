/** Questions about calls: submit, wait, collect, status, cancel, what they would cost, how far they are. */

import type { BatchPlans } from '../../calls/batch-look.js';
import type { Calls, WaitNews } from '../../calls/calls.js';
import type { CallArguments, SubmittedCall } from '../../calls/check.js';
import { isHandle } from '../../calls/detached.js';
import type { StoredText } from '../../calls/look-ahead.js';
import { lookProblem } from '../../calls/look-problem.js';
import type { NamesFound } from '../../calls/making.js';
import { pauseText } from '../../calls/progress.js';
import { queuesOf } from '../../calls/queues.js';
import type { SessionSettings } from '../../calls/session-settings.js';
import type { CallPlace, NotedCall } from '../../calls/written-calls.js';
import { KnownError } from '../../errors.js';
import { isObject, type Json } from '../../json.js';
import { isSameRole } from '../../ledger/job.js';
import type { Pause } from '../../pace/schedule.js';
import { ProviderFailure } from '../../providers/provider.js';
import type { Caller, Question } from '../endpoint.js';
import {
  type Answers,
  circumstancesOf,
  originOf,
  type QuestionTools,
  textOrNull,
  textsOf,
} from './question.js';
import { refuseDryRun, refuseLasting } from './rights.js';

/** PostgreSQL 17 made dblink interruptible; before, a cancel is noticed only between two round trips. */
const interruptibleSince = 170_000;
const shortWaitMs = 200;
const longWaitMs = 2_000;

export function answerAboutCalls(tools: QuestionTools): Answers {
  return { ...answersWhileRunning(tools), ...answersBeside(tools) };
}

/** The call whose result was waited for, of those that wait. */
export function awaitedBy({ ask, handle }: Question): string | undefined {
  return ask === 'wait' || ask === 'collect' ? String(handle) : undefined;
}

/** A call of ai_gen, or in `call` that of another function, which says more of it. */
function readersOf({ originalText, tasksOf }: QuestionTools) {
  const circumstances = (question: Json) => circumstancesOf(question, originalText);
  const ofFunction = (name: string): Pick<CallArguments, 'function'> => {
    const tasks = tasksOf(name);
    return tasks === undefined ? {} : { function: { name, tasks } };
  };
  const submitted = ({ call, ...question }: Json): SubmittedCall => {
    const given = isObject(call) ? call : question;
    const { model, request, file } = given;
    return {
      ...{ model: textOrNull(model), request: textOrNull(request), file, ...circumstances(given) },
      ...ofFunction(String(question.function)),
      onError: errorModes[String(question.on_error)],
      ...(question.ask === 'submit_image' && { form: 'image' as const }),
    };
  };
  const described = (question: Json, as: 'submitted' | 'noted'): NotedCall[] => {
    const { settings, statement, engineText } = circumstances(question);
    const each = Array.isArray(question.calls) ? question.calls.filter(isObject) : [];
    // Written out: thousands of calls come in one statement, and spreading takes five times as long.
    return each.map(({ model, request, file, handle, part }) => ({
      model: textOrNull(model),
      request: textOrNull(request),
      file,
      settings,
      statement,
      engineText,
      // By the one that a call was only noted with nobody waits for it.
      chosenHandle: as === 'submitted' ? String(handle) : undefined,
      part: typeof part === 'number' ? part : undefined,
    }));
  };
  return { submitted, described, circumstances };
}

function answersWhileRunning(tools: QuestionTools): Answers {
  const { calls } = tools;
  const { submitted, described, circumstances } = readersOf(tools);
  const written = ({ of }: Json) => submitted(isObject(of) ? of : {});
  return {
    submit: (question, caller) => calls.submit(submitted(question), originOf(caller)),
    submit_calls: (question, caller) => calls.submitAll(described(question, 'submitted'), originOf(caller)),
    submit_image: (question, caller) => calls.submit(submitted(question), originOf(caller)),
    submit_detached: (question, caller) =>
      calls.submitDetached(
        { ...submitted(question), transactionId: textOrNull(question.transactionId) },
        originOf(caller),
      ),
    note_calls: (question, caller) => calls.noteAll(described(question, 'noted'), originOf(caller)),
    ...answerWhileLooking(calls, written),
    submit_looked(question, caller) {
      const { noted, rows } = question;
      // Of another function's call what is around it stands with its arguments.
      const of = isObject(question.of) ? question.of : {};
      const around = isObject(of.call) ? of.call : of;
      const look = {
        problem: question.state === lookedToTheEnd ? undefined : problemOf(question),
        noted: described({ ...around, calls: noted }, 'noted'),
        rows: Number(rows ?? 0),
      };
      const place = placeOf(question);
      return calls.submitLooked(written(question), look, place, originOf(caller));
    },
    ...answerAboutBatch(calls, written),
    wait: async (question, caller) =>
      answerOf(await calls.wait(String(question.handle), originOf(caller), longestWaitMs(question, caller))),
    collect: async (question, caller) =>
      answerOf(
        await calls.collect(
          String(question.handle),
          circumstances(question),
          originOf(caller),
          longestWaitMs(question, caller),
        ),
      ),
  };
}

function answersBeside({ calls, ledger, schedule, models }: QuestionTools): Answers {
  return {
    async call_status(question, caller) {
      const { state, holdUp, modelType, keyName } = await calls.status(String(question.handle), caller);
      const pause = state === 'submitted' ? schedule.pauseOf(modelType) : undefined;
      const stands = holdUp
        ? [`held up since ${holdUp.since}, and tried again: ${holdUp.message}`]
        : pause
          ? [pauseText(pause)]
          : [];
      const key = keyName === undefined ? [] : [`last sent with key "${keyName}" of its model's pool`];
      return { state, notice: [...stands, ...key].join('; ') || undefined };
    },
    cancel_call(question, caller) {
      refuseDryRun(caller, 'cancelling a call');
      return calls.cancel(String(question.handle), caller);
    },
    share_job: (question, caller) => shareJob(question, caller, ledger),
    progress: (_question, caller) => progressRows(calls, caller),
    queues: async () =>
      (await queuesOf(models, schedule)).map((queue) => ({
        model_type: queue.modelType,
        queued: queue.queued,
        giving_way: queue.givingWay,
        running: queue.running,
        submits_per_second: queue.submitsPerSecond,
        concurrent_tasks: queue.concurrentTasks,
        pace: queue.pace,
        paused_seconds: queue.pausedMs / 1000,
        key_name: queue.key ?? null,
        cooling_seconds: queue.coolingMs / 1000,
        ...pauseColumns(queue.pause),
      })),
  };
}

function pauseColumns(pause: Pause | undefined) {
  return { paused_by: pause?.by, paused_since: pause?.since, paused_why: pause?.why };
}

/** The words of ai_gen_structured; a function that says nothing follows the session. */
const errorModes: Partial<Record<string, SessionSettings['onError']>> = {
  capture: 'capture',
  skip: 'skip',
  abort: 'error',
};
/** As long as a statement's own text may be. Of a longer one nothing is believed: cut, it would end where a text in it wants it to. */
const longestContext = 10_000;

/** Undefined: the call stands in the statement itself; '': nobody knows in what. */
function insideOf({ inside, context }: Json): string | undefined {
  if (inside !== true) return undefined;
  const told = String(context ?? '');
  return told.length <= longestContext ? told : '';
}

function placeOf(question: Json): CallPlace {
  const place = isObject(question.place) ? question.place : {};
  return {
    inside: insideOf(place),
    looking: place.looking === true,
    part: Number(place.part ?? 0),
    passed: Number(place.passed || 0),
  };
}

/** What the engine's functions ask while a statement is looked ahead in. */
function answerWhileLooking(calls: Calls, written: (question: Json) => SubmittedCall): Answers {
  return {
    submit_written: (question, caller) =>
      calls.submitWritten(written(question), placeOf(question), originOf(caller)),
    submit_made: (question, caller) => calls.submitMade(written(question), originOf(caller)),
    stored_text: (question, caller) =>
      calls.storedFound(written(question), storedOf(question.found), originOf(caller)),
    parameter_types: (question, caller) =>
      calls.typesFound(written(question), textsOf(question.types), originOf(caller)),
    plan: (question, caller) =>
      calls.planFound(
        written(question),
        question.plan,
        textOrNull(question.state) ?? undefined,
        originOf(caller),
      ),
    plan_beside: (question, caller) => calls.besideFound(written(question), question.plan, originOf(caller)),
    plan_names: (question, caller) =>
      calls.planChecked(written(question), namesOf(question), originOf(caller)),
  };
}

/** The same of statements that were sent together. */
function answerAboutBatch(calls: Calls, written: (question: Json) => SubmittedCall): Answers {
  return {
    batch_plans: (question, caller) =>
      calls.batchPlans(written(question), plansOf(question.plans), originOf(caller)),
    batch_names: (question, caller) =>
      calls.batchNames(written(question), namesOf(question), originOf(caller)),
    batch_looked: (question, caller) =>
      calls.batchLooked(written(question), lookOf(question), originOf(caller)),
  };
}

async function shareJob(question: Json, caller: Caller, ledger: QuestionTools['ledger']): Promise<boolean> {
  refuseLasting(caller, 'sharing a job');
  const [id, shared] = [String(question.job), question.shared === true];
  const among = caller.admin ? 'all' : 'own';
  if (isHandle(id) && (await ledger.share(id, caller, among, shared))) return shared;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `there is no job ${id} of role "${caller.role}"`,
    hint: 'SELECT job_id FROM hologen.jobs WHERE … shows what can be shared: what one has made oneself; an administrator shares any.',
  });
}

function namesOf({ unsure, others, doubt }: Json): NamesFound {
  return { unsure: textsOf(unsure), others: others !== false, doubt: textOrNull(doubt) ?? undefined };
}

export function plansOf(plans: unknown): BatchPlans[] {
  return (Array.isArray(plans) ? plans.filter(isObject) : []).map((part) => ({
    ...{ types: textsOf(part.types), plan: part.plan, problem: problemOf(part) },
  }));
}

/** `state`: the SQLSTATE of what the engine says. */
function problemOf({ problem, state }: Json): string | undefined {
  const message = textOrNull(problem);
  return message === null ? undefined : lookProblem(textOrNull(state) ?? undefined, message);
}

/** `coming`: numbers of parts, with `first` where the call of a later stage stands before all others. */
function lookOf({ coming, ...looked }: Json): Parameters<Calls['batchLooked']>[1] {
  const parts = (textOrNull(coming) ?? '').split(',').filter(Boolean);
  const numbers = (each: string[]) => each.map((part) => Number.parseInt(part, 10));
  return {
    problem: problemOf(looked),
    coming: numbers(parts),
    first: numbers(parts.filter((part) => part.endsWith('first'))),
  };
}

function storedOf(found: unknown): StoredText | undefined {
  if (!isObject(found)) return undefined;
  const { statement, types, created, elsewhere } = found;
  return {
    ...{ statement: String(statement), types: textsOf(types), created: String(created) },
    elsewhere: elsewhere === true,
  };
}

/** The SQLSTATE with which the engine's function undoes what it looked at. */
const lookedToTheEnd = 'HG000';

/** A captured failure is a value: the provider's own code if it gave one, else the SQLSTATE. */
function answerOf({ failure, ...news }: WaitNews): Omit<WaitNews, 'failure'> {
  if (!failure) return news;
  const { message, retryable } = failure;
  const provider = failure instanceof ProviderFailure ? failure : undefined;
  const code = provider?.code ?? failure.sqlstate;
  const error = { code, message, request_id: provider?.requestId || null, retryable };
  return { ...news, result: JSON.stringify({ error }) };
}

/** Round trips are short, so that cancel and time limits are prompt on every PostgreSQL version. */
function longestWaitMs({ longestMs }: Json, { engineVersion }: Caller): number {
  const usual = engineVersion >= interruptibleSince ? longWaitMs : shortWaitMs;
  return typeof longestMs === 'number' ? Math.max(0, Math.min(longestMs, usual)) : usual;
}

/** Own statements, all for the owner. */
function progressRows(calls: Calls, caller: Caller) {
  const seen = calls
    .progress()
    .filter(({ statement }) => caller.admin || isSameRole(statement.origin, caller));
  return seen.map(
    ({
      statement,
      elapsedSeconds,
      remainingSeconds,
      heldUp,
      heldUpSince,
      heldUpWhy,
      keyNames,
      givingWay,
      ...counts
    }) => ({
      statement_at: statement.origin.statementAt,
      role_name: statement.origin.role,
      database_name: statement.origin.database,
      application_name: statement.origin.application,
      engine_process_id: statement.origin.engineProcessId,
      statement: statement.text,
      ...counts,
      elapsed_seconds: elapsedSeconds,
      remaining_seconds: remainingSeconds,
      ...{ held_up: heldUp, held_up_since: heldUpSince, held_up_why: heldUpWhy },
      key_names: keyNames,
      ...{
        giving_way: givingWay?.calls ?? 0,
        giving_way_until: givingWay?.until,
        wanted_by: givingWay?.wantedBy,
      },
    }),
  );
}
