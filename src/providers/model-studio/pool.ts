/** Keys of one deployed model that stand in its config as `pool`, each perhaps of another region; and which one a question is asked with. */
import { KnownError } from '../../errors.js';
import { isObject, type Json, refuse } from '../../fields.js';
import { isLoopback } from '../../public-address.js';
import type { ProviderModel } from '../provider.js';
import type { ModelStudioClient } from './client.js';

/** What speaks to the provider for a model. */
export interface Access {
  apiKey: string;
  client: ModelStudioClient;
  /** Two that share limits have the same. */
  account: string;
}

export interface Regions {
  /** Of the settings: for models that name none. */
  readonly usual: ModelStudioClient;
  /** KnownError 22023 for an address that pools may not name. */
  of(baseUrl: string): ModelStudioClient;
  close(): Promise<void>;
}

/**
 * The provider's own addresses: its regions, and workspaces in them. Nobody else is sent a key.
 * https://www.alibabacloud.com/help/en/model-studio/regions/
 */
const ownAddress =
  /^https:\/\/(dashscope(-intl|-us)?\.aliyuncs\.com|[a-z0-9-]+\.dashscope\.aliyuncs\.com|[a-z0-9-]+\.[a-z0-9-]+\.maas\.aliyuncs\.com)\/api\/v1$/;

/**
 * `others`: further base URLs that pools may name. Clients are opened when they are first needed. A provider on this machine stands in for
 * all of the provider's own regions: nothing leads from the sandbox to where money is spent.
 */
export function openRegions(
  usual: string,
  others: readonly string[],
  open: (baseUrl: string) => ModelStudioClient,
): Regions {
  const bases = new Set([usual, ...others].map(plain));
  const clients = new Map<string, ModelStudioClient>();
  const standsIn = isLoopback(new URL(usual));
  function of(baseUrl: string): ModelStudioClient {
    const base = plain(baseUrl);
    if (!bases.has(base) && !ownAddress.test(base))
      refuse(
        'config.pool.base_url',
        baseUrl,
        'the base URL of a region of Model Studio',
        'For example https://dashscope-intl.aliyuncs.com/api/v1; others are allowed by whoever runs hologen, with HOLOGEN_PROVIDER_REGIONS.',
      );
    const address = standsIn && !bases.has(base) ? plain(usual) : base;
    const client = clients.get(address) ?? open(address);
    clients.set(address, client);
    return client;
  }
  return {
    usual: of(usual),
    of,
    close: () => Promise.all([...clients.values()].map((client) => client.close())).then(() => {}),
  };
}

function plain(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '');
}

/** The keys of a model's pool by name; undefined: it has none. Names and keys were read when it was deployed. */
export function poolOf({ pool }: Json): { name: string; baseUrl: string | undefined }[] | undefined {
  if (!Array.isArray(pool)) return undefined;
  return pool.filter(isObject).map(({ name, base_url: url }) => ({
    name: String(name),
    baseUrl: url === undefined || url === null ? undefined : String(url),
  }));
}

/** The config as it is for each key, in their order: some have a price of their own. Without a pool it is the model's. */
export function configsOf(config: Json): Json[] {
  const { pool, ...ofAll } = config;
  if (!Array.isArray(pool)) return [config];
  return pool.filter(isObject).map(({ price = ofAll.price }) => ({ ...ofAll, price }));
}

/** As it is for one of its keys. */
export function configOf({ config, key }: ProviderModel): Json {
  const index = poolOf(config)?.findIndex(({ name }) => name === key) ?? 0;
  return configsOf(config)[index] ?? config;
}

/** KnownError 22023 for a pool that names no region, or one that is not the provider's. */
export function clientsOf(config: Json, regions: Regions): ModelStudioClient[] {
  const pool = poolOf(config) ?? [{ baseUrl: undefined }];
  return pool.map(({ baseUrl }) => (baseUrl === undefined ? regions.usual : regions.of(baseUrl)));
}

/** KnownError 28H01 where there is no key, or none of that name any more. */
export function accessOf(
  model: ProviderModel,
  { regions, defaultApiKey }: { regions: Regions; defaultApiKey: string | undefined },
): Access {
  const pool = poolOf(model.config);
  if (!pool) {
    const apiKey = model.apiKey ?? defaultApiKey;
    if (apiKey) return { apiKey, client: regions.usual, account: apiKey };
    throw new KnownError({
      kind: 'providerAuthorization',
      message: `external model "${model.name}" has no API key, and the gateway has no default one`,
      hint: 'Start hologen with DASHSCOPE_API_KEY, or deploy the model with a config of {"api_key": "sk-…"}.',
    });
  }
  const index = pool.findIndex(({ name }) => name === model.key);
  const [apiKey, baseUrl] = [model.poolKeys?.[index], pool[index]?.baseUrl];
  if (apiKey === undefined)
    throw new KnownError({
      kind: 'providerAuthorization',
      message: `external model "${model.name}" has no key "${model.key}" in its pool`,
      hint: 'SELECT config FROM hologen.deployed_models shows the names of the keys that it has.',
    });
  // A key of its own is an account of its own, and so is a region.
  return baseUrl === undefined
    ? { apiKey, client: regions.usual, account: apiKey }
    : { apiKey, client: regions.of(baseUrl), account: `${apiKey} ${plain(baseUrl)}` };
}
