/** What may go wrong at each step, and whether it does: at random, but the same again for the same seed. */
import { createHash } from 'node:crypto';

/** Of the provider, and of the store: what is saved, looked at and fetched there. `film input`: see refused-inputs.ts. */
type Step = 'submit' | 'weak key' | 'look' | 'list' | 'result' | StoreStep;
type StoreStep = 'put' | 'input look' | 'input fetch' | 'film input';

/** A request to the provider. */
export type StudioStep = Exclude<Step, StoreStep>;

/** What is said instead of the provider's answer. `lost`: the provider gets the request, its answer is lost. */
type Fault =
  | { kind: 'reset' | 'lost' | 'unnamed' | 'empty' | 'short' }
  | { kind: 'says'; status: number; body: unknown };

const says = (status: number, body: unknown): Fault => ({ kind: 'says', status, body });
const refusal = (status: number, code: string) => says(status, { code, message: 'no', request_id: 'r' });
const statusWord = (task_status: string) => says(200, { request_id: 'r', output: { task_status } });
const page = '<html><body>Bad Gateway</body></html>';

/** What may happen to a request of each step. A submit is answered so only where the provider has not taken it, or as `lost`. */
const faults: Record<StudioStep, Fault[]> = {
  submit: [
    { kind: 'reset' },
    { kind: 'lost' },
    { kind: 'lost' },
    { kind: 'unnamed' },
    refusal(429, 'Throttling.RateQuota'),
    refusal(401, 'InvalidApiKey'),
    refusal(400, 'Arrearage'),
    refusal(500, 'InternalError'),
  ],
  'weak key': [
    refusal(429, 'Throttling.RateQuota'),
    refusal(429, 'Throttling.AllocationQuota'),
    refusal(401, 'InvalidApiKey'),
    refusal(403, 'AccessDenied'),
    refusal(400, 'Arrearage'),
  ],
  look: [
    { kind: 'reset' },
    refusal(401, 'InvalidApiKey'),
    refusal(403, 'AccessDenied'),
    says(404, page),
    refusal(400, 'Arrearage'),
    says(418, 'a teapot'),
    refusal(500, 'InternalError'),
    refusal(429, 'Throttling'),
    says(200, page),
    says(502, page),
    statusWord('QUEUED'),
    statusWord('running'),
    statusWord(''),
    statusWord('UNKNOWN'),
    says(200, {}),
    says(200, []),
  ],
  list: [{ kind: 'reset' }, refusal(403, 'AccessDenied'), says(200, page), refusal(500, 'InternalError')],
  result: [{ kind: 'reset' }, says(403, 'no'), says(500, 'no'), { kind: 'empty' }, { kind: 'short' }],
};
const chance: Record<Step, number> = {
  submit: 0.2,
  'weak key': 0.4,
  look: 0.25,
  list: 0.3,
  result: 0.3,
  put: 0.25,
  'input look': 0.2,
  'input fetch': 0.2,
  'film input': 0.3,
};
/** So often in a row: the world mends itself. */
const most: Record<Step, number> = {
  submit: 2,
  'weak key': 5,
  look: 6,
  list: 3,
  result: 3,
  put: 3,
  'input look': 3,
  'input fetch': 2,
  'film input': 3,
};

export type Chaos = ReturnType<typeof createChaos>;

/** Decides by what a request is about and how often it came, not by when: a run is much the same again. */
export function createChaos(seed: number) {
  const counts = new Map<string, number>();
  const happened = new Map<string, number>();
  let calm = false;
  function number(name: string): number {
    return createHash('sha256').update(`${seed} ${name}`).digest().readUInt32BE(0) / 2 ** 32;
  }
  /** A number from 0 to 1 when it is to fail, else undefined. */
  function strikes(step: Step, about: string): number | undefined {
    const name = `${step} ${about}`;
    const nth = counts.get(name) ?? 0;
    counts.set(name, nth + 1);
    if (calm || nth >= most[step] || number(`${name} ${nth}`) > chance[step]) return undefined;
    return number(`what ${name} ${nth}`);
  }
  const note = (what: string) => happened.set(what, (happened.get(what) ?? 0) + 1);
  return {
    strikes,
    note,
    number,
    pick(step: StudioStep, about: string): Fault | undefined {
      const drawn = strikes(step, about);
      const fault = drawn === undefined ? undefined : faults[step][Math.floor(drawn * faults[step].length)];
      if (fault) note(`${step} ${fault.kind === 'says' ? fault.status : fault.kind}`);
      return fault;
    },
    /** Nothing breaks any more. */
    end() {
      calm = true;
    },
    happened,
  };
}
