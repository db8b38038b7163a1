/**
 * Which key a call is sent with: of a model's pool the first that has room. One that is throttled, or refused for its own sake, lets another
 * take a call that the provider surely did not.
 */
import type { Cooling } from '../pace/cooling.js';
import { enterFirst } from '../pace/first-gate.js';
import type { Gate } from '../pace/gate.js';
import { accountOf, type Schedule } from '../pace/schedule.js';
import type { Urgency } from '../pace/urgency.js';
import { type Line, ProviderFailure } from '../providers/provider.js';
import { type Repetition, refusesKey } from './answers.js';
import type { CheckedCall } from './check.js';
import { gatesOf } from './queues.js';

/** A call's place in the line of one key. */
export interface Place {
  /** Its name in the pool; undefined: the model has one key. */
  key: string | undefined;
  gate: Gate;
  /** Its name where keys cool down. */
  cools: string;
  leave(): void;
  /** The provider took what was sent from here. */
  taken(): void;
}

export interface Keys {
  /** Waits for a place at the first key that has room. A cancelled wait rejects with the signal's reason. */
  enter(who: Omit<Waiting, 'noted'>): Promise<Place>;
  /** Another key may still be asked for this call. */
  hasOther(place: Place): boolean;
  /** A submit was not taken: waits for the call's next turn, with this key or another one. */
  again(place: Place, repetition: Repetition, refusal: ProviderFailure, who: Waiting): Promise<Place>;
  /** The error for whoever waits, which says of several keys what became of each. */
  told(place: Place, error: unknown): unknown;
}

interface Waiting {
  signal: AbortSignal;
  role: string;
  urgency: Urgency;
  /** For the person: a key was refused. */
  noted(note: string): void;
}

interface Key extends Pick<Place, 'gate' | 'cools'> {
  line: Line;
}

interface Ring {
  model: string;
  all: Key[];
  /** Why this call was refused with them. */
  refusals: Map<string | undefined, ProviderFailure>;
  cooling: Cooling;
}

/** For one call, or those that go together. */
export function keysOf(checked: CheckedCall, schedule: Schedule): Keys {
  const { model } = checked;
  const all = gatesOf(checked, schedule).map(({ line, gate }): Key => {
    return { line, gate, cools: accountOf(line.account, model.modelType) };
  });
  const ring: Ring = { model: model.name, all, refusals: new Map(), cooling: schedule.cooling };
  return {
    enter: (who) => enter(ring, who, false),
    hasOther: ({ key }) => untried(ring).some(({ line }) => line.key !== key),
    async again(place, repetition, refusal, who) {
      const pause = { throttled: repetition === 'throttled', askedMs: refusal.retryAfterMs };
      if (all.length === 1) {
        await place.gate.again(pause, who.signal);
        return place;
      }
      if (repetition === 'other key') refused(ring, place, refusal, who.noted);
      else place.gate.slowDown(pause);
      place.leave();
      return enter(ring, who, true);
    },
    told(place, error) {
      if (all.length === 1 || !(error instanceof ProviderFailure) || error.mayBeTaken) return error;
      if (refusesKey(error)) ring.cooling.refused(place.cools);
      return withKeys(error, place.key, ring.refusals);
    },
  };
}

function untried({ all, refusals }: Ring): Key[] {
  return all.filter(({ line }) => !refusals.has(line.key));
}

async function enter(
  ring: Ring,
  { signal, ...who }: Omit<Waiting, 'noted'>,
  sentBefore: boolean,
): Promise<Place> {
  const { cooling } = ring;
  const left = untried(ring);
  const warm = left.filter(({ cools }) => cooling.leftMs(cools) === 0);
  // Where all of them cool down they are tried all the same: one may be mended.
  const { entered, leave } = await enterFirst(warm.length > 0 ? warm : left, signal, who, sentBefore);
  const { line, gate, cools } = entered;
  const taken = () => {
    gate.taken();
    cooling.taken(cools);
  };
  return { key: line.key, gate, cools, leave, taken };
}

function refused(
  { model, refusals, cooling }: Ring,
  { key, cools }: Place,
  refusal: ProviderFailure,
  noted: Waiting['noted'],
): void {
  refusals.set(key, refusal);
  const isNews = cooling.leftMs(cools) === 0;
  cooling.refused(cools);
  if (isNews)
    noted(`ai_gen: another key of ${model} is taken for a while, "${key}" is refused: ${refusal.message}`);
}

/** With what each key was told; of one that refused nothing before there is just its name. */
function withKeys(
  error: ProviderFailure,
  key: string | undefined,
  refusals: ReadonlyMap<string | undefined, ProviderFailure>,
): ProviderFailure {
  const others = [...refusals].map(([name, { code }]) => `"${name}": ${code}`);
  const before = others.length > 0 ? `; refused before: ${others.join(', ')}` : '';
  const { kind, code, message, hint, repeat, requestId, retryAfterMs } = error;
  return new ProviderFailure({
    ...{ kind, code, hint, repeat, requestId, retryAfterMs, cause: error },
    message: `${message} (key "${key}" of the pool${before})`,
  });
}
