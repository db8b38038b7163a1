/** Deploying and removing models: the arguments of register_external_model and add_external_model, checked. */
import { KnownError } from '../errors.js';
import { oneOf, refuse, requiredText } from '../fields.js';
import { isObject, type Json } from '../json.js';
import type { Catalogue } from '../ledger/job.js';
import { findModelType, listedTasks, taskOf } from '../providers/model-studio/model-types.js';
import { ownLimits } from '../providers/model-studio/own-limits.js';
import { ownPrice } from '../providers/model-studio/own-price.js';

/** Hologres' client and skills write bailian; the provider calls itself DashScope or Model Studio. */
const providers = ['bailian', 'dashscope', 'model-studio'];
/** Hologres' own rule for names, dots included. */
const namePattern = /^[A-Za-z0-9_.-]{1,128}$/;
const looksLikeKeyName = /key$|secret|password/i;
const apiKeyPattern = /^sk-(?!sp-)\S+$/;

export async function deployModel(question: Json, role: string, catalogue: Catalogue): Promise<void> {
  const name = requiredText(question, 'name', 'model_name');
  if (!namePattern.test(name)) {
    refuse(
      'model_name',
      name,
      'of letters, digits, underscores, hyphens and dots, at most 128',
      'For example wan26_t2v or happyhorse-1.0-t2v.',
    );
  }
  const provider = requiredText(question, 'provider', 'model_provider');
  if (!providers.includes(provider.toLowerCase())) refuse('model_provider', provider, oneOf(providers));
  const task = requiredText(question, 'task');
  if (!listedTasks.includes(task)) refuse('task', task, oneOf(listedTasks));
  const modelType = requiredText(question, 'type', 'model_type');
  const ownTask = taskOf(modelType);
  if (ownTask && ownTask !== task)
    refuse(
      'task',
      task,
      `'${ownTask}' for model type ${modelType}`,
      `CALL register_external_model(…, '${ownTask}').`,
    );
  const config = readConfig(question.config);
  ownLimits(config);
  const type = findModelType(modelType, task);
  if (type) ownPrice(config, type);
  const { api_key: configKey, ...rest } = config;
  const apiKey = keyOf(question.apiKey) ?? keyOf(configKey);
  await catalogue.deploy({
    name,
    modelType,
    provider,
    task,
    endpoint:
      typeof question.endpoint === 'string' && question.endpoint !== '' ? question.endpoint : undefined,
    apiKey,
    config: rest,
    deployedBy: role,
  });
}

/** Who deployed a model may remove it, and who administers hologen. */
export async function removeModel(
  question: Json,
  caller: { role: string; admin: boolean },
  catalogue: Catalogue,
): Promise<void> {
  const name = requiredText(question, 'name', 'model_name');
  const model = (await catalogue.list()).find((each) => each.name === name);
  if (model && !caller.admin && model.deployedBy !== caller.role) {
    throw new KnownError({
      kind: 'insufficientPrivilege',
      message: `external model "${name}" was deployed by another role`,
      hint: `Ask ${model.deployedBy} or the owner of hologen to remove it.`,
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
    if (field === 'api_key' || !(looksLikeKeyName.test(name) || String(value).startsWith('sk-'))) continue;
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `config has a field "${field}" that looks like a key`,
      hint: 'The field is called api_key; it is stored encrypted and never shown.',
    });
  }
  return config;
}

function keyOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && apiKeyPattern.test(value)) return value;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message:
      'api_key must be a Model Studio key, which begins with sk- (keys that begin with sk-sp- belong to the Coding Plan)',
    hint: 'Leave it out to use the gateway’s default key.',
  });
}
