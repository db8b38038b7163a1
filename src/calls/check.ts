/** Checks a call before anything is spent: model, request, media, output place. What comes out can be sent. */
import { KnownError } from '../errors.js';
import { isObject, isStorable } from '../json.js';
import { refuseBoundless } from '../json-bounds.js';
import type { RoleIdentity, UnfinishedJob } from '../ledger/job.js';
import type { Catalogue, DeployedModel } from '../ledger/models.js';
import type { NamedPlaces } from '../ledger/named-places.js';
import type { Webhooks } from '../ledger/webhooks.js';
import type { Providers } from '../providers/drivers.js';
import type { CheckedRequest, ImageField, Provider } from '../providers/provider.js';
import type { FileValue } from '../storage/file-value.js';
import type { Places, Storage } from '../storage/storage.js';
import { atPlace, isSaved } from './at-place.js';
import { isPretended } from './dry-run-names.js';
import { checkMedium, isStored, lengthOfMedium, requireRight, rightTo } from './media.js';
import type { SessionSettings } from './session-settings.js';
import { toBeWrittenAs } from './written-as.js';

export interface SubmittedCall extends CallArguments {
  /** image: image.generate's request and answer; ai_gen's where it is left out. */
  form?: 'image';
  /** The session's ai_gen.* settings, as they were SET. */
  settings: Record<string, unknown>;
  /** What the client sent, and whether PostgreSQL stops it after as many rows as the client asks for. */
  statement: { text: string; stopsAtRows: boolean };
  /** What its failure gives, whatever the session says. */
  onError?: SessionSettings['onError'];
  /** The text that the engine runs, or its beginning. */
  engineText: string;
  /** The handle, where the engine process has chosen it; else one is made. */
  chosenHandle?: string | undefined;
}

export interface CheckedCall {
  model: DeployedModel;
  provider: Provider;
  request: CheckedRequest;
  file: FileValue | undefined;
  /** As the user wrote it; of image.generate what it became. */
  requestText: string;
  /** image.generate asks: what its answer says. */
  image?: ImageFacts;
  /** It is made in place of another model's call: by which model, and which are left to ask after it. */
  fallback?: { by: string; left: Fallback[] };
  /** It is made in place of a call that came to nothing, and what it gives is an answer to what that one asked. */
  inPlaceOf?: { jobId: string; requestKey: string };
}

/** Another model for when one could not. */
export interface Fallback {
  /** The name of a deployed model. */
  model: string;
  on: string[];
}

/** What the answer of image.generate says beside the picture. */
export interface ImageFacts {
  size: string | undefined;
  seed: number | undefined;
  /** Fields that the model has no place for. */
  ignored: ImageField[];
  /** The prompt was made simpler, because the first answer had no picture. */
  simplifiedPrompt: string | undefined;
}

export interface CallArguments {
  model: string | null;
  request: string | null;
  file: unknown;
  /** The AI function that asks, where it wants models of certain tasks, the first of which it takes unasked; undefined: ai_gen, which takes any. */
  function?: { name: string; tasks: readonly string[] };
}

/** Where a call's model and its rules are found. */
export interface Models {
  catalogue: Catalogue;
  providers: Providers;
  places: Places;
  named: NamedPlaces;
  webhooks: Webhooks;
}

/** The part that needs no network: refuses bad requests at once. `caller` must have the right to the model; `place`: the name of the session's. */
export async function checkCall(
  call: CallArguments,
  models: Models,
  caller: RoleIdentity & { admin: boolean },
  place?: string,
): Promise<CheckedCall> {
  const { catalogue, places, named } = models;
  if (call.request === null) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: 'the request of ai_gen is NULL',
      hint: 'A JSON operator with a NULL side gives NULL; coalesce it.',
    });
  }
  refuseBoundless('the request', call.request);
  refuseUnstorable(call.request);
  const file = isObject(call.file) ? places.readFile(call.file, 'file') : undefined;
  const model =
    call.model === null
      ? await defaultModel(call.request, file, caller, models, call.function?.tasks[0])
      : await namedModel(call.model, caller, catalogue);
  if (call.function) requireTask(model, call.function);
  if (!(await mayCall(model, caller, catalogue))) throw notGranted(model.name, caller.role);
  if (place === undefined || !isSaved(model.task)) return readCall(model, call.request, file, models);
  const placed = atPlace(call, await named.find(place));
  return readCall(
    model,
    placed.request ?? '',
    isObject(placed.file) ? places.readFile(placed.file, 'file') : undefined,
    models,
  );
}

function requireTask(
  { name, task: own }: DeployedModel,
  { name: asker, tasks }: NonNullable<CallArguments['function']>,
): void {
  if (tasks.includes(own)) return;
  const list = tasks.map((task) => `'${task}'`).join(', ');
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${asker} takes models of task ${tasks.join(' or ')}, and external model "${name}" is of task ${own}`,
    hint: `SELECT model_name FROM list_external_models() WHERE task IN (${list}) shows those that are deployed.`,
  });
}

/** Reads a request for this model, whoever asks. KnownError 22023, 22P02 or 0A000 where the model would refuse it. */
export function readCall(
  model: DeployedModel,
  requestText: string,
  file: FileValue | undefined,
  { providers, places }: Models,
): CheckedCall {
  const provider = providers.of(model.provider);
  const request = provider.check(model, requestText, file, places);
  return { model, provider, request, file, requestText };
}

/** A call that was checked before, and perhaps sent: with the model that was deployed then. */
export async function readAgain(
  { modelName: name, modelDeployedAt, request, file, openedAt, ...who }: UnfinishedJob,
  models: Models,
): Promise<CheckedCall> {
  const { catalogue, places } = models;
  const then = await catalogue.deployedThen(name, modelDeployedAt ? afterIts(modelDeployedAt) : openedAt);
  // Another one may have its name by now, and its own key.
  if (!then && modelDeployedAt) throw goneModel(name);
  const model = then ?? (await namedModel(name, who, catalogue));
  return readCall(model, request, isObject(file) ? places.readFile(file, 'file') : undefined, models);
}

function goneModel(name: string): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message: `external model "${name}" is not what it was when the call was checked`,
    hint: 'It was removed since; what has its name now is another one. Run the statement again to ask that one.',
  });
}

/** The engine's times are finer than ours. */
function afterIts(deployedAt: Date): Date {
  return new Date(deployedAt.getTime() + 1);
}

/** A text that PostgreSQL cannot hold could be sent and paid for, and not be written down. Only an escape in JSON brings one here. */
function refuseUnstorable(request: string): void {
  if (!request.trimStart().startsWith('{') || !/\\u(0000|d[89a-f])/i.test(request)) return;
  let value: unknown;
  try {
    value = JSON.parse(request);
  } catch {
    // Its reader tells what is wrong with it, or takes it for a plain prompt.
    return;
  }
  const found = unstorableIn(value, '');
  if (!found) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${found.field} has a character that no text can hold: ${found.what}`,
    hint: "Take it out: replace(…, E'\\\\u0000', ''), or cut the text at whole characters.",
  });
}

/** The first such text, and where it stands: `args[1].name`. */
function unstorableIn(value: unknown, field: string): { field: string; what: string } | undefined {
  if (typeof value === 'string') {
    if (isStorable(value)) return undefined;
    return { field, what: value.includes('\0') ? 'NUL (\\u0000)' : 'half of a surrogate pair' };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const path = (name: string) =>
    Array.isArray(value) ? `${field}[${name}]` : field ? `${field}.${name}` : name;
  for (const [name, inner] of Object.entries(value)) {
    const found =
      unstorableIn(inner, path(name)) ?? (isStorable(name) ? undefined : unstorableIn(name, 'a field name'));
    if (found) return found;
  }
  return undefined;
}

/** False: the model is for others. */
export async function mayCall(
  { name, restricted }: DeployedModel,
  { role, admin }: RoleIdentity & { admin: boolean },
  catalogue: Catalogue,
): Promise<boolean> {
  return !restricted || admin || catalogue.mayCall(name, role);
}

function notGranted(model: string, role: string): KnownError {
  return new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied for external model "${model}"`,
    hint: `The owner of hologen can CALL grant_model('${model}', '${role}').`,
  });
}

/**
 * The part that asks the storage: every medium readable, the output place writable. Returns what tells the media's contents, in their
 * order. In a dry run media that another call of it would have made are taken for granted.
 */
export async function checkStorage(
  call: CheckedCall,
  storage: Storage,
  signal: AbortSignal,
  dryRun: boolean,
): Promise<string[]> {
  const { media, output, makes } = call.request;
  const looks = media
    .filter(isStored)
    .map((medium) => ({ medium, right: rightTo(medium, call.file) }))
    .filter(({ medium }) => !(dryRun && isPretended(medium.path)))
    .map(({ medium, right }) => checkMedium(storage, medium, right, signal));
  if (output) {
    const right = requireRight(call.file?.right, 'output_dir');
    const headers = toBeWrittenAs(call.model.modelType, makes);
    await Promise.all([...looks, storage.checkWritable(output, right, headers, signal)]);
  }
  const etags = await Promise.all(looks);
  await measure(call, storage, signal);
  return etags;
}

/** Of what is billed by its length. A file whose beginning cannot be read, or says nothing, leaves the estimate as it is. */
async function measure({ request, file }: CheckedCall, storage: Storage, signal: AbortSignal): Promise<void> {
  if (!request.measure) return;
  const lengths = request.media.map((medium) =>
    isStored(medium) && !isPretended(medium.path) && medium.kinds.some((kind) => kind !== 'picture')
      ? lengthOfMedium(storage, medium, rightTo(medium, file), signal)
      : undefined,
  );
  request.estimate = request.measure(await Promise.all(lengths));
}

async function namedModel(name: string, who: RoleIdentity, catalogue: Catalogue): Promise<DeployedModel> {
  const model = await catalogue.find(name, who);
  if (model) return model;
  const deployed = (await catalogue.list()).map((each) => each.name);
  throw new KnownError({
    kind: 'undefinedObject',
    message: `external model "${name}" does not exist`,
    hint:
      deployed.length > 0
        ? `Deployed: ${deployed.slice(0, 20).join(', ')}. CALL register_external_model(…) deploys another.`
        : "Deploy one: CALL register_external_model('name', 'qwen-image-2.0-pro', 'bailian', '{\"api_key\": \"sk-…\"}', 'image-generation').",
  });
}

/** Without a name: the first deployed model whose type can do what the request asks for. A FILE means media, as in Hologres. */
async function defaultModel(
  request: string,
  file: FileValue | undefined,
  who: RoleIdentity,
  known: Models,
  ownTask?: string,
): Promise<DeployedModel> {
  const usual = file && looksLikePictureRequest(request) ? 'image-generation' : 'chat/completions';
  const task = ownTask ?? usual;
  const models = await known.catalogue.defaults(task, who);
  const fitting = models.find((model) => canRead(request, file, model, known)) ?? models[0];
  if (fitting) return fitting;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `no model of task ${task} is deployed, and the call names none`,
    hint: `CALL register_external_model(…, '${task}') deploys one.`,
  });
}

/** A JSON request that is not a template with arguments of its own. */
function looksLikePictureRequest(request: string): boolean {
  try {
    const value: unknown = JSON.parse(request);
    return isObject(value) && !('args' in value);
  } catch {
    return false;
  }
}

function canRead(
  request: string,
  file: FileValue | undefined,
  model: DeployedModel,
  { providers, places }: Models,
): boolean {
  try {
    return !providers.of(model.provider).check(model, request, file, places).misfit;
  } catch {
    return false;
  }
}
