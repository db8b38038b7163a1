/** Deploying and removing models: the arguments of register_external_model and add_external_model, checked. */
import { KnownError } from '../errors.js';
import { oneOf, refuse, requiredText } from '../fields.js';
import { isObject, type Json } from '../json.js';
import { isSameRole, type RoleIdentity } from '../ledger/job.js';
import type { Catalogue } from '../ledger/models.js';
import type { Provider } from '../providers/provider.js';
import type { Models } from './check.js';
import { readFallbacks } from './fallback.js';

/** Hologres' own rule for names, dots included. */
const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;
const looksLikeKeyName = /key$|token$|secret|password|authorization|credential|bearer/i;
const looksLikeKey = /^(sk-|bearer\s)/i;

export async function deployModel(
  question: Json,
  { role, roleOid, admin }: RoleIdentity & { admin: boolean },
  { catalogue, providers }: Models,
): Promise<void> {
  const name = requiredText(question, 'name', 'model_name');
  if (!namePattern.test(name)) {
    refuse(
      'model_name',
      name,
      'of letters, digits, underscores, hyphens and dots, at most 128',
      'For example wan26_t2v or happyhorse-1.0-t2v.',
    );
  }
  const modelProvider = requiredText(question, 'provider', 'model_provider');
  const provider = providers.of(modelProvider);
  const task = requiredText(question, 'task');
  if (!provider.tasks.includes(task)) refuse('task', task, oneOf(provider.tasks));
  const modelType = requiredText(question, 'type', 'model_type');
  const config = readConfig(question.config);
  readFallbacks(config);
  provider.checkDeployment({ name, modelType, task, config });
  const { api_key: configKey, ...rest } = config;
  const apiKey = keyOf(question.apiKey, provider) ?? keyOf(configKey, provider);
  if (apiKey === undefined && !admin) refuseDefaultKey(name);
  await catalogue.deploy({
    name,
    modelType,
    provider: modelProvider,
    task,
    endpoint:
      typeof question.endpoint === 'string' && question.endpoint !== '' ? question.endpoint : undefined,
    apiKey,
    config: rest,
    deployedBy: { role, roleOid },
  });
}

/** On the gateway's own key another name would be another price and other limits for the same account. */
function refuseDefaultKey(name: string): never {
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied: deploying "${name}" on the gateway’s own key is for administrators of hologen`,
    hint: 'Deploy it with a key of your own: a config of {"api_key": "sk-…"}.',
  });
}

/** Who deployed a model may remove it, and who administers hologen. */
export async function removeModel(
  question: Json,
  caller: RoleIdentity & { admin: boolean },
  catalogue: Catalogue,
): Promise<void> {
  const name = requiredText(question, 'name', 'model_name');
  const model = (await catalogue.list()).find((each) => each.name === name);
  if (model && !caller.admin && !isSameRole(model.deployedBy, caller)) {
    throw new KnownError({
      kind: 'insufficientPrivilege',
      message: `external model "${name}" was deployed by another role`,
      hint: `Ask ${model.deployedBy.role} or the owner of hologen to remove it.`,
    });
  }
  await catalogue.remove(name);
}

/** Neither config nor key may be repeated in an error: the key would reach logs and screens. */
function readConfig(value: unknown): Json {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return refuseStrayKeys(value);
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: 'config must be a JSON object',
    hint: 'Write \'{"api_key": "sk-…"}\'.',
  });
}

/** Everybody can read the config, so a key under a mistyped name must not get into it. */
function refuseStrayKeys(config: Json, place = ''): Json {
  for (const [name, value] of Object.entries(config)) {
    const field = place + name;
    if (isObject(value)) refuseStrayKeys(value, `${field}.`);
    if (field === 'api_key' || !(looksLikeKeyName.test(name) || looksLikeKey.test(String(value)))) continue;
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `config has a field "${field}" that looks like a key`,
      hint: 'The field is called api_key; it is stored encrypted and never shown.',
    });
  }
  return config;
}

function keyOf(value: unknown, provider: Provider): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const key = String(value);
  provider.checkKey(key);
  return key;
}
