/** The providers that hologen knows: a line each. `model_provider` of a deployed model chooses among them. */
import { oneOf, refuse } from '../fields.js';
import type { Ledger } from '../ledger/job.js';
import type { Schedule } from '../pace/schedule.js';
import type { ProviderSettings } from '../settings/configuration.js';
import { openModelStudio } from './model-studio/open.js';
import type { ModelTypeRow, Provider, ProviderModel } from './provider.js';

/** What drivers may use of the gateway. */
export interface ProviderSurroundings {
  ledger: Pick<Ledger, 'knownTasks'>;
  schedule: Schedule;
}

export type ProviderDriver = (
  settings: ProviderSettings,
  around: ProviderSurroundings,
) => Provider | Promise<Provider>;

export const drivers: readonly ProviderDriver[] = [openModelStudio];

export interface Providers {
  /** The provider of a deployed model; KnownError 22023 names those there are. */
  of(modelProvider: string): Provider;
  /** The rows of hologen.supported_models. */
  modelTypes(deployed: readonly (Omit<ProviderModel, 'apiKey'> & { provider: string })[]): ModelTypeRow[];
  close(): Promise<void>;
}

export async function openProviders(
  settings: ProviderSettings,
  around: ProviderSurroundings,
  known: readonly ProviderDriver[] = drivers,
): Promise<Providers> {
  const providers = await Promise.all(known.map((open) => open(settings, around)));
  const names = providers.flatMap((provider) => provider.names);
  return {
    of: (modelProvider) =>
      providers.find((provider) => provider.names.includes(modelProvider.toLowerCase())) ??
      refuse('model_provider', modelProvider, oneOf(names)),
    modelTypes: (deployed) =>
      providers.flatMap((provider) =>
        provider.modelTypes(
          deployed.filter((model) => provider.names.includes(model.provider.toLowerCase())),
        ),
      ),
    async close() {
      await Promise.all(providers.map((provider) => provider.close()));
    },
  };
}
