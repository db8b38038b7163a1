/** Opens all that a call needs, from the catalogue to the bucket, and the answers to what the engine's functions ask about calls. */
import type { Logger } from 'pino';
import { answerQuestions } from './callback/questions/answer.js';
import { createFileMemory } from './callback/questions/files.js';
import { type Calls, createCalls } from './calls/calls.js';
import type { Meter } from './calls/meter.js';
import { createPacks } from './calls/packs.js';
import { createSessionSpending } from './calls/session-spending.js';
import { createRecentTimes } from './calls/urgency.js';
import { readValues } from './engine/value-texts.js';
import { createStatementTexts } from './frontend/statement-texts.js';
import { readActivity } from './ledger/activity.js';
import { createBudgetWebhook } from './ledger/budget-webhook.js';
import { createBudgets, noteSettings } from './ledger/budgets.js';
import { createCatalogue, deployedAtStart } from './ledger/catalogue.js';
import { createDraining } from './ledger/draining.js';
import type { GatewayEvents } from './ledger/gateways.js';
import { indexPrompts } from './ledger/grams.js';
import type { Ledger } from './ledger/job.js';
import { createLedger } from './ledger/ledger.js';
import { createNamedPlaces } from './ledger/named-places.js';
import { createPauses, pauseNews } from './ledger/pauses.js';
import { keepLedgerShort } from './ledger/retention.js';
import { createReviews } from './ledger/reviews.js';
import { openSecretBox, type SecretBox } from './ledger/secret-box.js';
import { deployUsualModels } from './ledger/usual-models.js';
import { createUsualTimes } from './ledger/usual-times.js';
import { deliverWebhooks } from './ledger/webhook-messages.js';
import { createWebhooks, webhookNews } from './ledger/webhooks.js';
import type { OpenedEngine } from './open-engine.js';
import { createSchedule } from './pace/schedule.js';
import { openProviders, type ProviderDriver } from './providers/drivers.js';
import { aiFunctionNamed } from './rewriter/ai-functions.js';
import { sqlReader } from './rewriter/look-ahead/reader.js';
import type { Configuration, StorageSettings } from './settings/configuration.js';
import type { Reloading } from './settings/reload.js';
import { openStorage } from './storage/open.js';
import type { Driver } from './storage/storage.js';

/** What SQL may name: kinds of stores in paths, providers of deployed models. */
export interface Drivers {
  stores: Driver<StorageSettings>[];
  providers: readonly ProviderDriver[];
}

export interface CallSurroundings {
  engine: Pick<OpenedEngine, 'pool' | 'gatewayId'>;
  drivers: Drivers;
  meter: Meter;
  reloading: Reloading;
  log: Logger;
  /** Takes what is to be closed, in the order of opening. */
  stopping: (() => Promise<void>)[];
}

export async function openCalls(
  configuration: Configuration,
  { engine, drivers, meter, reloading, log, stopping }: CallSurroundings,
) {
  const { provider, ledger: kept, storage: stores, dataDirectory } = configuration;
  const secrets = await openSecretBox(dataDirectory, kept.secretKey);
  const catalogue = createCatalogue(engine.pool, secrets);
  if (configuration.usualModels && (await catalogue.list()).length === 0)
    // Where somebody has deployed anything, the choice is theirs.
    await deployUsualModels(catalogue, deployedAtStart);
  const { schedule, pauses, readPauses } = await openSchedule(configuration, engine, reloading);
  const storage = openStorage(stores, drivers.stores);
  stopping.push(storage.close);
  const budgetNews = createBudgetWebhook(kept, engine.pool, log);
  const ledger = createLedger(engine.pool, engine.gatewayId, budgetNews, log);
  await keepDegreesNoted(configuration, engine, reloading);
  const providers = await openProviders(provider, { ledger, schedule }, drivers.providers);
  // Closing waits for the answers that are on their way: these are paid for, and nobody can ask for them again.
  stopping.push(() => calls.heard(), providers.close);
  stopping.push(keepLedgerShort(engine.pool, kept, log).close, indexPrompts(engine.pool, log).close);
  const named = createNamedPlaces(engine.pool);
  const { webhooks, hosts, messages } = openWebhooks(configuration, secrets, { engine, log });
  stopping.push(messages.close);
  const models = { catalogue, providers, places: storage, named, webhooks };
  const spending = createSessionSpending();
  const draining = createDraining(engine.pool, engine.gatewayId);
  const usualTimes = createUsualTimes(engine.pool);
  const times = createRecentTimes(usualTimes.secondsOf);
  const services = { storage, ledger, schedule, meter, spending, packs: createPacks(), draining, times };
  const reader = { ...sqlReader, valueTexts: readValues(engine.pool) };
  const calls = createCalls(services, models, reader, log);
  const texts = createStatementTexts();
  const answer = answerQuestions({
    ...{ reader, usualTimes, reload: reloading.reload },
    ...{ calls, models, storage, ledger, schedule, pauses, draining, webhookHosts: hosts, spending },
    activityOf: readActivity(engine.pool),
    budgets: createBudgets(engine.pool),
    reviews: createReviews(engine.pool),
    files: createFileMemory(),
    degrees: configuration.degrees,
    tasksOf: (functionName) => aiFunctionNamed(functionName)?.tasks,
    originalText: texts.originalOf,
  });
  const heard = hearOthers({ readPauses, messages, ledger, calls });
  return { calls, spending, storage, schedule, draining, texts, answer, messages, ...heard };
}

/** What other gateways say: see GatewayEvents. */
function hearOthers({ readPauses, messages, ledger, calls }: Heard): Pick<GatewayEvents, 'news' | 'missed'> {
  return {
    async news(about) {
      if (about === pauseNews) await readPauses();
      if (about === webhookNews) messages.wake();
    },
    async missed() {
      await readPauses();
      messages.wake();
      for (const id of await ledger.cancelsAsked()) await calls.cancelAsked(id);
    },
  };
}

interface Heard {
  readPauses(): Promise<void>;
  messages: { wake(): void };
  ledger: Pick<Ledger, 'cancelsAsked'>;
  calls: Pick<Calls, 'cancelAsked'>;
}

async function keepDegreesNoted(
  { degrees }: Configuration,
  { pool }: CallSurroundings['engine'],
  { after }: Reloading,
): Promise<void> {
  const note = () => noteSettings(pool, degrees);
  await note();
  after.push(note);
}

async function openSchedule(
  { provider }: Configuration,
  { pool }: CallSurroundings['engine'],
  { after }: Reloading,
) {
  const isPaced = () => provider.rates !== 'off';
  const schedule = createSchedule(isPaced());
  after.push(() => schedule.keepTo(isPaced()));
  const pauses = createPauses(pool);
  const readPauses = async () => schedule.pause(await pauses.list());
  await readPauses();
  return { schedule, pauses, readPauses };
}

function openWebhooks(
  { ledger: kept, sandbox }: Configuration,
  secrets: SecretBox,
  { engine: { pool }, log }: Pick<CallSurroundings, 'engine' | 'log'>,
) {
  const webhooks = createWebhooks(pool, secrets);
  const hosts = {
    get allowed() {
      return kept.webhookHosts;
    },
    loopback: sandbox !== undefined,
  };
  const messages = deliverWebhooks({ pool, webhooks, hosts, budgets: kept, log });
  return { webhooks, hosts, messages };
}

export type OpenedCalls = Awaited<ReturnType<typeof openCalls>>;
