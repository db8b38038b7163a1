/** From calls that are waited for to calls that are made: earlier results first, then jobs within the budgets, then all at once. */
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import type { NewJob } from '../ledger/job.js';
import { costOf, estimateUnits } from '../providers/model-studio/price.js';
import { dryResult } from './dry-run.js';
import type { EarlierResult, EarlierResults } from './earlier-results.js';
import { failureOf } from './failure.js';
import { type CallOutcome, enterPhase, isRefusal } from './meter.js';
import { type Drivers, perform } from './perform.js';
import type { Call } from './statements.js';

export interface Sender {
  /**
   * Decides about all of these calls of one statement together: when one must not be made (a missing file, a budget), none is sent, and
   * this rejects. Resolves when each has an outcome to wait for.
   */
  send(calls: Call[]): Promise<void>;
  /** Makes a call whose job is open; `cancel` gives it up as far as that is possible. */
  make(call: Call, cancel: () => void): void;
  /** The statement is over, its calls are no longer anybody's. */
  forget(calls: Call[]): void;
  /** What is being made, by job. */
  readonly underWay: Map<string, UnderWay>;
}

export interface UnderWay {
  outcome: Promise<unknown>;
  cancel(): void;
}

const takenNote =
  'ai_gen: took results of earlier calls whose statements were not committed; nothing was paid for them (SET ai_gen.reuse = off makes new ones)';
const takenAgainNote =
  'ai_gen: took results of earlier calls again (ai_gen.reuse is on); nothing was paid for them';

/** A call that ended in another state never came to its own job. */
const outcomes: Partial<Record<Call['state'], CallOutcome>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  unanswered: 'unanswered',
};

export function createSender(drivers: Drivers, earlier: EarlierResults, log: Logger): Sender {
  const { meter } = drivers;
  const underWay = new Map<string, UnderWay>();
  /** Jobs that have a client of their own, by what they ask for: no other call may take their results. */
  const live = new Map<string, Set<string>>();

  function begin(call: Call, outcome: Promise<string>, cancel = () => {}): void {
    const { handle, statement, checked, requestKey } = call;
    call.outcome = outcome;
    underWay.set(handle, { outcome, cancel });
    const siblings = live.get(requestKey) ?? new Set();
    live.set(requestKey, siblings.add(handle));
    outcome
      .catch((error: unknown) => {
        if (!(error instanceof KnownError))
          log.error({ err: error, job: handle }, 'call failed unexpectedly');
      })
      .finally(() => {
        underWay.delete(handle);
        call.endedAt = Date.now();
        tellEnd(call);
        log.debug(
          {
            job: handle,
            model: checked.model.name,
            state: call.state,
            statement: statement.origin.statementAt,
          },
          'call',
        );
      });
  }

  function tellEnd({ handle, statement, checked, phases, providerRequestId, ...call }: Call): void {
    enterPhase(phases, 'ended');
    const endedAt = call.endedAt ?? Date.now();
    // A call may end in the queue, and one that takes an earlier result has no phase at all.
    const startedAt = phases[0]?.startedAt ?? endedAt;
    const { model, scenario } = checked;
    const outcome = call.earlierJob ? 'reused' : (outcomes[call.state] ?? 'refused');
    const times = { startedAt, endedAt, phases };
    meter.callEnded({ jobId: handle, model, scenario, outcome, ...times, providerRequestId, statement });
  }

  async function accept(call: Call, found: EarlierResult): Promise<string> {
    const { statement } = call;
    call.state = 'succeeded';
    call.earlierJob = found.jobId;
    statement.notes.add(statement.reuse === 'on' ? takenAgainNote : takenNote);
    await drivers.ledger
      .reused(found.jobId, newJob(call))
      .catch((error: unknown) => log.error({ err: error, job: found.jobId }, 'a reuse was not recorded'));
    return found.result;
  }

  /** An earlier result for the call, for good: given up meanwhile, it is to be had again. */
  async function take(call: Call): Promise<EarlierResult | undefined> {
    const { statement, requestKey, stop } = call;
    const wish = { role: statement.origin.role, requestKey, delivered: statement.reuse === 'on' };
    const found = await earlier.take(wish, () => [...(live.get(requestKey) ?? [])], call.checked, stop);
    if (found && stop.aborted) earlier.release([found.jobId]);
    stop.throwIfAborted();
    return found;
  }

  async function performOpened(call: Call): Promise<string> {
    try {
      return await perform(call.checked, drivers, {
        jobId: call.handle,
        role: call.statement.origin.role,
        stop: call.stop,
        moved(state) {
          call.state = state;
          // Of several attempts the first: the pauses between them are part of the time it takes.
          if (state === 'running') call.startedAt ??= Date.now();
          enterPhase(call.phases, state);
        },
        answered(requestId) {
          call.providerRequestId = requestId;
        },
        noted: (note) => call.statement.notes.add(note),
        billed: (cost) => meter.spent(call.checked.model, cost),
      });
    } catch (error) {
      const failure = failureOf(error);
      call.state = failure.state;
      await drivers.ledger.change(call.handle, failure);
      throw error;
    }
  }

  /** The same is being made for nobody: its end is waited for, and if it comes to nothing a new job is opened. */
  async function takeLate(call: Call): Promise<string> {
    const found = await take(call);
    if (found) return accept(call, found);
    await drivers.ledger.open([newJob(call)]);
    return performOpened(call);
  }

  /** Sorts calls by what is to be done for them; what was found is the caller's to use or to release. */
  async function lookUp(calls: Call[]) {
    const fresh: Call[] = [];
    const late: Call[] = [];
    const found: [Call, EarlierResult][] = [];
    const looks = await Promise.allSettled(
      calls.map(async (call) => {
        const { statement, requestKey } = call;
        if (statement.reuse === 'off') return fresh.push(call);
        if (earlier.isUnderWay(statement.origin.role, requestKey)) return late.push(call);
        const result = await take(call);
        return result ? found.push([call, result]) : fresh.push(call);
      }),
    );
    const failure = looks.find((look) => look.status === 'rejected');
    return { fresh, late, found, failure };
  }

  async function sendReal(calls: Call[]): Promise<void> {
    const { fresh, late, found, failure } = await lookUp(calls);
    try {
      if (failure) throw failure.reason;
      await drivers.ledger.open(fresh.map(newJob));
    } catch (error) {
      earlier.release(found.map(([, { jobId }]) => jobId));
      throw error;
    }
    for (const [call, result] of found) {
      // Its statement may have ended meanwhile, and with it the only one who would release it.
      if (call.stop.aborted) earlier.release([result.jobId]);
      else begin(call, accept(call, result));
    }
    for (const call of fresh) begin(call, performOpened(call));
    for (const call of late) begin(call, takeLate(call));
  }

  async function send(calls: Call[]): Promise<void> {
    await Promise.all(calls.map((call) => call.storageChecked));
    const real = calls.filter((call) => !call.dryRun);
    if (real.length > 0) await sendReal(real);
    for (const call of calls) {
      call.statement.unsent.delete(call);
      if (!call.dryRun) continue;
      call.state = 'succeeded';
      call.outcome = Promise.resolve(dryResult(call));
    }
  }

  return {
    send: (calls) =>
      send(calls).catch((error: unknown) => {
        if (isRefusal(error)) for (const { checked } of calls) meter.refused(checked.model);
        throw error;
      }),
    make: (call, cancel) => begin(call, performOpened(call), cancel),
    forget(calls) {
      for (const { requestKey, handle } of calls) {
        const siblings = live.get(requestKey);
        siblings?.delete(handle);
        if (siblings?.size === 0) live.delete(requestKey);
      }
    },
    underWay,
  };
}

export function newJob({ handle, statement, checked, requestKey, detached }: Call): NewJob {
  const cost = costOf(checked, estimateUnits(checked));
  return {
    id: handle,
    origin: statement.origin,
    statementId: statement.id,
    statementText: statement.text,
    modelName: checked.model.name,
    modelType: checked.model.modelType,
    scenario: checked.scenario,
    request: checked.requestText,
    requestKey,
    detached,
    estimatedPrice: cost?.amount,
    currency: cost?.currency ?? 'CNY',
    file: checked.file?.fields,
  };
}
