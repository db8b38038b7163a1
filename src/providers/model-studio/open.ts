/** Opens Model Studio with what an operator sets: region, key, pace of looks. */
import { homedir } from 'node:os';
import type { Ledger } from '../../ledger/job.js';
import type { Schedule } from '../../pace/schedule.js';
import type { ProviderSettings } from '../../settings/configuration.js';
import type { Provider } from '../provider.js';
import { createClient, type ModelStudioClient } from './client.js';
import { findDefaultApiKey } from './default-api-key.js';
import { createModelStudio } from './driver.js';
import type { StudioRequest } from './family.js';
import { createLookupTurns } from './lookups.js';
import { advisedPauseMs } from './poll-times.js';
import { openRegions } from './pool.js';

const timeouts = { connectMs: 10_000, generateMs: 900_000, lookupMs: 30_000, downloadIdleMs: 60_000 };

export async function openModelStudio(
  { baseUrl, regions, apiKey, lookMs }: ProviderSettings,
  { ledger, schedule }: { ledger: Pick<Ledger, 'knownTasks'>; schedule: Schedule },
): Promise<Provider<StudioRequest>> {
  return createModelStudio({
    regions: openRegions(baseUrl, regions, (base) => openClient(base, schedule)),
    defaultApiKey: await findDefaultApiKey(apiKey, homedir()),
    pauseMs: lookMs === undefined ? advisedPauseMs : () => lookMs,
    knownTasks: ledger.knownTasks,
    gateways: () => schedule.gateways,
  });
}

/** The client alone, for whoever only wants to know whether the provider can be reached. */
export function openClient(baseUrl: string, schedule: Schedule): ModelStudioClient {
  return createClient({ baseUrl, timeouts, lookupTurn: createLookupTurns(schedule) });
}
