/** What waits and runs at each line of the deployed models, and at those of removed models until it has run. */
import { KnownError } from '../errors.js';
import { type Allowed, allowedTogether } from '../pace/about.js';
import type { Gate } from '../pace/gate.js';
import type { Queue, Schedule } from '../pace/schedule.js';
import type { Line } from '../providers/provider.js';
import type { CheckedCall, Models } from './check.js';

/** Where calls of a model wait: a line for each of its keys, in the order in which they are to be taken. */
export function gatesOf(
  { model, provider }: Pick<CheckedCall, 'model' | 'provider'>,
  schedule: Schedule,
): { line: Line; gate: Gate }[] {
  return provider.lines(model).map((line) => ({ line, gate: schedule.gate(model.modelType, line) }));
}

/** What the calls of one model may do at all of its keys; undefined: it has none. A model's own limits may be narrower than those of its line. */
export function allowedOf(
  model: Pick<CheckedCall, 'model' | 'provider'>,
  schedule: Schedule,
): Allowed | undefined {
  const all = gatesOf(model, schedule).map(({ line: { own }, gate }) => {
    const { pace, submitsPerSecond, concurrentTasks } = gate.state();
    return {
      pace: narrower(pace ?? submitsPerSecond, own.submitsPerSecond),
      submitsPerSecond: narrower(submitsPerSecond, own.submitsPerSecond),
      concurrentTasks: narrower(concurrentTasks, own.concurrentTasks),
    };
  });
  return all.length === 0 ? undefined : allowedTogether(all);
}

function narrower(limit: number | null, own: number | null | undefined): number | null {
  const finite = [limit, own].filter((each) => typeof each === 'number' && Number.isFinite(each));
  return finite.length === 0 ? null : Math.min(...(finite as number[]));
}

/** A model that nobody has called yet is among them, with the limits that its calls will have. */
export async function queuesOf({ catalogue, providers }: Models, schedule: Schedule): Promise<Queue[]> {
  const deployed = await catalogue.list();
  for (const model of deployed) {
    try {
      gatesOf({ model, provider: providers.of(model.provider) }, schedule);
    } catch (error) {
      // Without a key, say, it has no line.
      if (!(error instanceof KnownError)) throw error;
    }
  }
  const types = new Set(deployed.map(({ modelType }) => modelType));
  return schedule
    .queues()
    .filter(({ modelType, queued, running, pause }) => types.has(modelType) || queued + running > 0 || pause);
}
