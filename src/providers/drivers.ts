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

type Deployed = Omit<ProviderModel, 'apiKey'> & { provider: string };

export interface Providers {
  /** The provider of a deployed model; KnownError 22023 names those there are. */
  of(modelProvider: string): Provider;
  /** The rows of hologen.supported_models. */
  modelTypes(deployed: readonly Deployed[]): ModelTypeRow[];
  /** What a request to a deployed model may be and costs; undefined where its provider or type is not known any more. */
  describe(model: Deployed): ModelTypeRow | undefined;
  close(): Promise<void>;
}

export async function openProviders(
  settings: ProviderSettings,
  around: ProviderSurroundings,
  known: readonly ProviderDriver[] = drivers,
): Promise<Providers> {
  const providers = await Promise.all(known.map((open) => open(settings, around)));
  const names = providers.flatMap((provider) => provider.names);
  const find = (modelProvider: string) =>
    providers.find((provider) => provider.names.includes(modelProvider.toLowerCase()));
  return {
    of: (modelProvider) => find(modelProvider) ?? refuse('model_provider', modelProvider, oneOf(names)),
    describe: (model) => find(model.provider)?.describe(model),
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
