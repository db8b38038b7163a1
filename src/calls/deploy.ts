/** Deploying and removing models: the arguments of register_external_model and add_external_model, checked. */
import { KnownError } from '../errors.js';
import { oneOf, refuse, requiredText } from '../fields.js';
import { isObject, type Json } from '../json.js';
import { isSameRole, type RoleIdentity } from '../ledger/job.js';
import type { Catalogue } from '../ledger/models.js';
import type { Provider } from '../providers/provider.js';
import type { Models } from './check.js';
import { readFallbacks } from './fallback.js';
import { keyField, readPool } from './read-pool.js';

/** Hologres' own rule for names, dots included. */
const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;
const longestText = 1_000;
const longestConfig = 64 * 1024;
const deepestConfig = 16;
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
  if (modelType.length > longestText) refuseMuch(`model_type has more than ${longestText} characters`);
  if (String(question.endpoint ?? '').length > longestText)
    refuseMuch(`endpoint has more than ${longestText} characters`);
  const config = readConfig(question.config);
  const { config: shown, keys: poolKeys } = readPool(config, provider);
  provider.checkDeployment({ name, modelType, task, config: shown });
  await checkFallbacks(config, { name, task }, { role, roleOid }, catalogue);
  const { api_key: configKey, ...rest } = shown;
  const apiKey = keyOf(question.apiKey, provider) ?? keyOf(configKey, provider);
  if (apiKey !== undefined && poolKeys)
    refuse('api_key', '***', 'left out beside a pool', 'Make it one of the keys of the pool.');
  if (apiKey === undefined && !poolKeys && !admin) refuseDefaultKey(name);
  await catalogue.deploy({
    name,
    modelType,
    provider: modelProvider,
    task,
    endpoint:
      typeof question.endpoint === 'string' && question.endpoint !== '' ? question.endpoint : undefined,
    apiKey,
    poolKeys,
    config: rest,
    deployedBy: { role, roleOid },
  });
}

/** One that could never answer is a mistake; one that is not there yet may be deployed later. */
async function checkFallbacks(
  config: Json,
  { name, task }: { name: string; task: string },
  caller: RoleIdentity,
  catalogue: Catalogue,
): Promise<void> {
  const field = 'config.fallback.model';
  for (const { model } of readFallbacks(config)) {
    if (model === name) refuse(field, model, 'another model than the one that is deployed');
    const other = await catalogue.find(model, caller);
    if (other && other.task !== task) refuse(field, model, `a model of task ${task}`);
  }
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
  if (isObject(value)) {
    refuseStrayKeys(value);
    if (JSON.stringify(value).length <= longestConfig) return value;
    refuseMuch(`config has more than ${longestConfig} characters`);
  }
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: 'config must be a JSON object',
    hint: 'Write \'{"api_key": "sk-…"}\'.',
  });
}

/** What everybody reads in lists of models must not become long. */
function refuseMuch(message: string): never {
  throw new KnownError({
    kind: 'programLimitExceeded',
    message,
    hint: 'Leave out what is no setting of the model.',
  });
}

/** Everybody can read the config, so a key under a mistyped name must not get into it. */
function refuseStrayKeys(config: object, place = '', depth = 1): void {
  if (depth > deepestConfig) refuseMuch(`config is nested more than ${deepestConfig} levels deep`);
  for (const [name, value] of Object.entries(config)) {
    const field = place + name;
    if (typeof value === 'object' && value !== null) refuseStrayKeys(value, `${field}.`, depth + 1);
    if (
      keyField.test(field) ||
      !(looksLikeKeyName.test(name) || (typeof value === 'string' && looksLikeKey.test(value)))
    )
      continue;
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `config has a field "${field}" that looks like a key`,
      hint: 'The field is called api_key; it is stored encrypted and never shown.',
    });
  }
}

function keyOf(value: unknown, provider: Provider): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const key = String(value);
  provider.checkKey(key);
  return key;
}
