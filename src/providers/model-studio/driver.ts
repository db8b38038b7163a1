/** Model Studio (DashScope) as a provider: every question of the port, answered by the families, the client and the task list. */
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { type Json, objectAt } from '../../json.js';
import { createLanes, type Lanes } from '../../pace/lanes.js';
import type {
  Found,
  ImageField,
  Line,
  Look,
  LostSubmit,
  Made,
  Provider,
  ProviderModel,
  SubmitNews,
  Task,
} from '../provider.js';
import type { ModelStudioClient } from './client.js';
import { idOf, type Reply } from './connection.js';
import { describeDeployed } from './described-types.js';
import { readDocument } from './download.js';
import { unansweredCall } from './errors.js';
import { families } from './families.js';
import type { KnownTypes, StudioRequest } from './family.js';
import { checkLane, isHalfPrice } from './half-price.js';
import { knownTypes } from './known-types.js';
import type { ModelType } from './model-type.js';
import { refuseOwnFormAlone } from './own-form.js';
import { ownLimits } from './own-limits.js';
import { ownPrice } from './own-price.js';
import { accessOf, clientsOf, configOf, configsOf, poolOf, type Regions } from './pool.js';
import { billOf } from './price.js';
import { findTask, lostForGood, type Neighbours, readLook } from './tasks.js';
import { bodyOfAll, readEach } from './together.js';

export interface ModelStudioOptions extends Neighbours {
  regions: Regions;
  /** For models that were deployed without a key of their own. */
  defaultApiKey: string | undefined;
}

interface Studio extends ModelStudioOptions {
  known: KnownTypes;
  /** Asynchronous submits, one at a time for each API key and model type: see findTask. */
  lanes: Lanes;
}

export function createModelStudio(options: ModelStudioOptions): Provider<StudioRequest> {
  const known = knownTypes(families);
  const studio: Studio = { ...options, known, lanes: createLanes() };
  const { regions } = options;
  return {
    // Hologres' client and skills write bailian; the provider calls itself DashScope or Model Studio.
    names: ['bailian', 'dashscope', 'model-studio'],
    tasks: [...new Set(families.map(({ task }) => task))],
    checkDeployment: (model) => checkDeployment(model, known, regions),
    checkKey,
    modelTypes: known.describe,
    describe: (model) => describeDeployed(model, known.typeOf),
    check(model, text, file, places) {
      const { type, family } = known.require(model);
      // The gateway may have been moved to another region since.
      requireLane(model, regions);
      return family.check({ model, type, text, file, places, known });
    },
    imageFields(model) {
      return imageFieldsOf(known.require(model).type);
    },
    lines: (model) => linesOf(model, studio),
    submit: (model, request, addresses, news) => submit(studio, model, request, addresses, news),
    async submitTogether(model, requests) {
      const [first] = requests;
      if (!first) throw new Error('nothing to send together');
      const reply = await askAtOnce(studio, model, first.type, bodyOfAll(requests));
      const made = readEach(requests, reply).map((each) => billed(each, first, model));
      return { requestId: reply.requestId, made };
    },
    async look(model, request, taskId, signal) {
      const { apiKey, client } = accessOf(model, studio);
      const look = readLook(await client.task(taskId, apiKey, signal), taskId, request);
      const ended = await finished(look, request, client, signal);
      return ended.state === 'made' ? { ...ended, made: billed(ended.made, request, model) } : ended;
    },
    pauseMs: options.pauseMs,
    async cancel(model, taskId, signal) {
      const { apiKey, client } = accessOf(model, studio);
      return client.cancelTask(taskId, apiKey, signal);
    },
    find: (model, request, lost) => findLost(studio, model, request, lost),
    download: regions.usual.download,
    close: regions.close,
  };
}

function imageFieldsOf({ switches, size, scenarios }: ModelType): ImageField[] {
  const has: Record<ImageField, boolean> = {
    negative_prompt: switches.includes('negative_prompt'),
    seed: switches.includes('seed'),
    size: size !== undefined,
    reference_image: scenarios.includes('image-edit'),
  };
  return (Object.keys(has) as ImageField[]).filter((field) => has[field]);
}

function linesOf(model: ProviderModel, studio: Studio): Line[] {
  const { submitsPerSecond, concurrentTasks } = studio.known.require(model).type;
  const own = ownLimits(model.config);
  // The lane at half the price has limits of its own.
  const lane = isHalfPrice(model.config) ? ' half_price' : '';
  const keys = poolOf(model.config)?.map(({ name }) => name) ?? [undefined];
  return keys.map((key) => ({
    account: accessOf({ ...model, key }, studio).account + lane,
    ...{ key, limits: { submitsPerSecond, concurrentTasks }, own },
  }));
}

function checkDeployment(
  { modelType, task, config }: Omit<ProviderModel, 'apiKey'>,
  known: KnownTypes,
  regions: Regions,
): void {
  // Refuses addresses that a pool may not name.
  clientsOf(config, regions);
  requireLane({ task, config }, regions);
  // A name that is in no table may have a form that its config tells.
  const named = config.like === undefined ? known.taskByName(modelType) : undefined;
  const ownTask = known.taskOf(modelType) ?? named;
  if (ownTask && ownTask !== task)
    refuse(
      'task',
      task,
      `'${ownTask}' for model type ${modelType}`,
      `CALL register_external_model(…, '${ownTask}').`,
    );
  ownLimits(config);
  const { type } = known.require({ modelType, task, config });
  refuseOwnFormAlone(modelType, config);
  checkPrices(config, type);
}

/** KnownError 22023 for a lane that one of the model's regions has not. */
function requireLane({ task, config }: Pick<ProviderModel, 'task' | 'config'>, regions: Regions): void {
  if (!isHalfPrice(config)) return;
  const everywhere = clientsOf(config, regions).every(({ hasHalfPrice }) => hasHalfPrice);
  checkLane(config, task, everywhere);
}

/** Budgets add up what calls cost, whichever key they go with. */
function checkPrices(config: Json, type: ModelType): void {
  const [first, ...others] = configsOf(config).map((each) => (ownPrice(each, type) ?? type.price).currency);
  const other = others.find((currency) => currency !== first);
  if (other)
    refuse(
      'config.pool.price.currency',
      other,
      `${first}, as that of the pool's other keys`,
      'Give each key a "price" in one currency, or deploy a model for each.',
    );
}

/** Printable ASCII: it is sent in a header. */
const apiKeyPattern = /^sk-(?!sp-)[!-~]+$/;

function checkKey(apiKey: string): void {
  if (apiKeyPattern.test(apiKey)) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message:
      'api_key must be a Model Studio key, which begins with sk- and is of printable ASCII (keys that begin with sk-sp- belong to the Coding Plan)',
    hint: 'Leave it out to use the gateway’s default key.',
  });
}

async function submit(
  studio: Studio,
  model: ProviderModel,
  request: StudioRequest,
  addresses: string[],
  news: SubmitNews,
): Promise<Task | Made> {
  const body = request.body(addresses);
  if (request.followed)
    return studio.lanes.run(laneOf(studio, model), () => submitTask(studio, model, request, body, news));
  await news.sending();
  const reply = await askAtOnce(studio, model, request.type, body);
  await news.taken(reply.requestId, undefined);
  return billed(request.read(reply), request, model);
}

/** By the price of the key that it was sent with. */
function billed(made: Made, { type }: StudioRequest, model: ProviderModel): Made {
  if (model.key === undefined) return made;
  return { ...made, bill: billOf(type, configOf(model), made.bill.units) };
}

/** The paths of the provider's own interface begin alike; the others are those of the OpenAI-compatible one. */
function askAtOnce(studio: Studio, model: ProviderModel, { path }: ModelType, body: Json): Promise<Reply> {
  const { apiKey, client } = accessOf(model, studio);
  const options = { apiKey, signal: neverAborted() };
  return path.startsWith('/services/')
    ? client.generate(path, body, { ...options, async: false })
    : client.complete(path, body, { ...options, halfPrice: isHalfPrice(model.config) });
}

/** A look that fails to read the document says nothing about the task: it is looked at again. */
async function finished(
  look: Look,
  { finish }: StudioRequest,
  client: Pick<ModelStudioClient, 'download'>,
  signal: AbortSignal,
): Promise<Look> {
  const [url] = look.state === 'made' ? look.made.urls : [];
  if (look.state !== 'made' || !finish || url === undefined) return look;
  const { stream } = await client.download(url, signal);
  const document = await readDocument(stream);
  try {
    return { state: 'made', made: finish(look.made, document) };
  } catch (error) {
    // It is billed all the same.
    if (error instanceof KnownError) return { state: 'made', made: { ...look.made, urls: [], error } };
    throw error;
  }
}

/** The provider may have taken what would be cancelled half way: a submit is left to finish. */
function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

function laneOf(studio: Studio, model: ProviderModel): string {
  return `${accessOf(model, studio).account} ${model.modelType}`;
}

/** Runs in the model's lane until the task is written down. */
async function submitTask(
  studio: Studio,
  model: ProviderModel,
  request: StudioRequest,
  body: Reply['body'],
  news: SubmitNews,
): Promise<Task> {
  await news.sending();
  const { apiKey, client } = accessOf(model, studio);
  const options = { apiKey, signal: neverAborted(), async: true };
  const { body: reply, requestId } = await client.generate(request.type.path, body, options);
  const taskId = idOf(objectAt(reply, 'output').task_id);
  await news.taken(requestId, taskId);
  if (taskId) return { requestId, taskId };
  throw unansweredCall(`Model Studio took the call and named no task (request id ${requestId})`);
}

/** In the model's lane: no submit is under way meanwhile whose task could be taken for the lost one's. */
async function findLost(
  studio: Studio,
  model: ProviderModel,
  request: StudioRequest,
  lost: LostSubmit,
): Promise<Found> {
  const { modelType } = model;
  if (!request.followed) return { state: 'lost', error: lostForGood(request, modelType) };
  const { apiKey, client } = accessOf(model, studio);
  const search = { ...lost, modelType, apiKey, request };
  return studio.lanes.run(laneOf(studio, model), () => findTask(search, client, studio));
}
