/** What generation tells to whoever counts or traces it: names, times and numbers, never a prompt or a result. */
import { KnownError } from '../errors.js';
import type { Cost } from '../providers/provider.js';

export interface Meter {
  callEnded(call: EndedCall): void;
  /** A check or a budget kept a call from being sent. `model` undefined: the call named none that is deployed. */
  refused(model: MeteredModel | undefined): void;
  /** An attempt came to nothing and is made again: a submit after a 429, a submit that failed, a look at a task, a copy into storage. */
  repeated(model: MeteredModel, attempt: Attempt): void;
  /** An output of so many bytes is in the object store. */
  saved(model: MeteredModel, bytes: number): void;
  /** What a call costs, once a call. */
  spent(model: MeteredModel, cost: Cost): void;
  /** Of statements with calls only. */
  statementEnded(statement: EndedStatement): void;
}

export type Attempt = 'throttled' | 'submit' | 'look' | 'copy';

export interface MeteredModel {
  name: string;
  modelType: string;
}

/** queued: until it is sent, between two attempts too. provider: until Model Studio's last word. saving: until the outputs are copied. */
export type Phase = 'queued' | 'provider' | 'saving';

export interface PhaseTime {
  phase: Phase;
  /** Milliseconds since 1970, as all times here. */
  startedAt: number;
  endedAt: number;
}

/** refused: a budget forbade it when its turn came. reused: it took the result of an earlier call. */
export type CallOutcome = 'succeeded' | 'failed' | 'refused' | 'cancelled' | 'unanswered' | 'reused';

export interface EndedCall {
  jobId: string;
  model: MeteredModel;
  scenario: string;
  outcome: CallOutcome;
  startedAt: number;
  endedAt: number;
  phases: readonly PhaseTime[];
  providerRequestId: string | undefined;
  /** Undefined: the statement is an earlier gateway's. The same object for all calls of one statement, and in its own end. */
  statement: MeteredStatement | undefined;
}

export interface MeteredStatement {
  id: string;
  startedAt: number;
  origin: { role: string; database: string };
}

export interface EndedStatement {
  statement: MeteredStatement;
  /** refused: a check or a budget ended it. */
  outcome: 'committed' | 'failed' | 'refused';
  calls: number;
  endedAt: number;
}

/** Tells all of them; with none it is the meter of a gateway that nobody watches. What goes wrong with telling harms no call. */
export function meterOf(meters: readonly Meter[], failed: (error: unknown) => void): Meter {
  function each(tell: (meter: Meter) => void): void {
    for (const meter of meters) {
      try {
        tell(meter);
      } catch (error) {
        failed(error);
      }
    }
  }
  return {
    callEnded: (call) => each((meter) => meter.callEnded(call)),
    refused: (model) => each((meter) => meter.refused(model)),
    repeated: (model, attempt) => each((meter) => meter.repeated(model, attempt)),
    saved: (model, bytes) => each((meter) => meter.saved(model, bytes)),
    spent: (model, cost) => each((meter) => meter.spent(model, cost)),
    statementEnded: (statement) => each((meter) => meter.statementEnded(statement)),
  };
}

const phaseOf: Record<string, Phase> = { queued: 'queued', sent: 'provider', saving: 'saving' };

/** A call has come into this state: the phase it was in ends, and the state's own begins if it has one. */
export function enterPhase(phases: PhaseTime[], state: string): void {
  const now = Date.now();
  const last = phases.at(-1);
  if (last) last.endedAt = now;
  const phase = phaseOf[state];
  if (phase) phases.push({ phase, startedAt: now, endedAt: now });
}

/** True for what our own checks and budgets say; not for who gave up, nor for what should not happen. */
export function isRefusal(error: unknown): boolean {
  return error instanceof KnownError && error.kind !== 'queryCanceled';
}
