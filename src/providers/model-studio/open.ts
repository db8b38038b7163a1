/** Opens Model Studio with what an operator sets: region, key, pace of looks. */
import type { Ledger } from '../../ledger/job.js';
import type { Schedule } from '../../pace/schedule.js';
import type { Provider } from '../provider.js';
import { createClient, type ModelStudioClient } from './client.js';
import { createModelStudio } from './driver.js';
import type { StudioRequest } from './family.js';
import { createLookupTurns } from './lookups.js';

export interface ModelStudioSettings {
  /** e.g. https://dashscope.aliyuncs.com/api/v1; plain http only to loopback. */
  baseUrl: string;
  /** For models that were deployed without a key of their own. */
  defaultApiKey: string | undefined;
  /** Milliseconds from one look at a task to the next, when it has been running for so long. */
  pauseMs(runningMs: number): number;
}

const timeouts = { connectMs: 10_000, generateMs: 300_000, lookupMs: 30_000, downloadIdleMs: 60_000 };

export function openModelStudio(
  { baseUrl, defaultApiKey, pauseMs }: ModelStudioSettings,
  { ledger, schedule }: { ledger: Pick<Ledger, 'knownTasks'>; schedule: Schedule },
): Provider<StudioRequest> {
  return createModelStudio({
    client: openClient(baseUrl, schedule),
    defaultApiKey,
    pauseMs,
    knownTasks: ledger.knownTasks,
    gateways: () => schedule.gateways,
  });
}

/** The client alone, for whoever only wants to know whether the provider can be reached. */
export function openClient(baseUrl: string, schedule: Schedule): ModelStudioClient {
  return createClient({ baseUrl, timeouts, lookupTurn: createLookupTurns(schedule) });
}
