/** `pool` in a model's config: several keys of one deployed model, each with a name of its own; the keys themselves are kept apart from it. */
import { createHash } from 'node:crypto';
import { isObject, type Json, optionalText, refuse, refuseUnknown } from '../fields.js';
import type { Provider } from '../providers/provider.js';

/** Where a config has its keys. Anywhere else a key would be shown to everybody. */
export const keyField = /^(api_key|pool\.\d+\.api_key)$/;

const mostKeys = 16;
const namePattern = /^[A-Za-z0-9_.-]{1,64}$/;
const form =
  'an array of 1 to 16 objects {"api_key": "sk-…"}, each perhaps with "name", "base_url" and "price"';

/** The config without keys, and the keys in the order of its pool; undefined: it has none. KnownError 22023, which repeats no key. */
export function readPool(config: Json, provider: Provider): { config: Json; keys: string[] | undefined } {
  const { pool, ...rest } = config;
  if (pool === undefined || pool === null) return { config: rest, keys: undefined };
  if (rest.api_key !== undefined && rest.api_key !== null)
    refuse('config.api_key', '***', 'left out beside pool', 'Make it one of the keys of the pool.');
  if (!Array.isArray(pool) || pool.length === 0 || pool.length > mostKeys || !pool.every(isObject))
    return refuse('config.pool', Array.isArray(pool) ? `${pool.length} keys` : typeof pool, form);
  const members = pool.map((each) => readKey(each, provider));
  for (const [index, { name, apiKey, baseUrl }] of members.entries()) {
    const before = members.slice(0, index);
    if (before.some((other) => other.name === name))
      refuse('config.pool.name', name, 'another for each key', 'The ledger tells keys apart by their names.');
    if (before.some((other) => other.apiKey === apiKey && other.baseUrl === baseUrl))
      refuse('config.pool.api_key', '***', 'another for each entry', 'A key has its rate once.');
  }
  const shown = members.map(({ name, baseUrl, price }) => ({
    name,
    ...(baseUrl && { base_url: baseUrl }),
    ...(price && { price }),
  }));
  return { config: { ...rest, pool: shown }, keys: members.map(({ apiKey }) => apiKey) };
}

interface PoolKey {
  name: string;
  apiKey: string;
  baseUrl?: string;
  /** Read by the provider, as that of a model is. */
  price?: Json;
}

function readKey(member: Json, provider: Provider): PoolKey {
  refuseUnknown(member, ['name', 'api_key', 'base_url', 'price'], 'config.pool');
  const { api_key: apiKey } = member;
  if (typeof apiKey !== 'string' || apiKey === '')
    return refuse('config.pool.api_key', apiKey === undefined ? undefined : '***', 'a key of the provider');
  provider.checkKey(apiKey);
  const name = optionalText(member, 'name', 'config.pool.name') ?? fingerprint(apiKey);
  if (!namePattern.test(name))
    refuse('config.pool.name', name, 'of letters, digits, underscores, hyphens and dots, at most 64');
  const baseUrl = optionalText(member, 'base_url', 'config.pool.base_url');
  const { price } = member;
  if (price !== undefined && price !== null && !isObject(price))
    return refuse('config.pool.price', price, 'an object, as the price of a model');
  return { name, apiKey, baseUrl, price: price ?? undefined };
}

/** Says which key it was and nothing of it: keys are long and random. */
function fingerprint(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex').slice(0, 8);
}
