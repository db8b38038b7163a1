/** What waits and runs at each line of the deployed models, and at those of removed models until it has run. */
import { KnownError } from '../errors.js';
import type { Gate } from '../pace/gate.js';
import type { Queue, Schedule } from '../pace/schedule.js';
import type { CheckedCall, Models } from './check.js';

/** Where calls of a model wait. */
export function gateOf(
  { model, provider }: Pick<CheckedCall, 'model' | 'provider'>,
  schedule: Schedule,
): Gate {
  const { account, limits, own } = provider.line(model);
  return schedule.gate(account, model.modelType, limits, own);
}

/** A model that nobody has called yet is among them, with the limits that its calls will have. */
export async function queuesOf({ catalogue, providers }: Models, schedule: Schedule): Promise<Queue[]> {
  const deployed = await catalogue.list();
  for (const model of deployed) {
    try {
      gateOf({ model, provider: providers.of(model.provider) }, schedule);
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
