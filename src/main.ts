/** Puts the gateway together: engine, sandbox or cloud, generation, callback endpoint, front door. The only file that sees all. */
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Cloud } from '../sandbox/cloud.js';
import { sandboxApiKey, sandboxKeys } from '../sandbox/keys.js';
import { sandboxModels } from '../sandbox/models.js';
import type { Answer } from './callback/endpoint.js';
import { answerQuestions } from './callback/questions/answer.js';
import { createFileMemory } from './callback/questions/files.js';
import { type Calls, createCalls } from './calls/calls.js';
import type { Meter } from './calls/meter.js';
import { openConsole } from './console/server/open.js';
import type { EngineAddress } from './engine/address.js';
import { claimEngine, type EngineOptions, type OpenedEngine } from './engine/open.js';
import { createScramKeyLookup } from './engine/scram-keys.js';
import { KnownError } from './errors.js';
import type { SessionEvents } from './frontend/conversation.js';
import {
  type CertificateFiles,
  type Encryption,
  ensureOwnCertificate,
  openEncryption,
  type TlsPolicy,
} from './frontend/encryption.js';
import { type Frontend, listenForClients } from './frontend/listener.js';
import { createStatementTexts, type StatementTexts } from './frontend/statement-texts.js';
import { createBudgets } from './ledger/budgets.js';
import { createCatalogue } from './ledger/catalogue.js';
import type { Catalogue } from './ledger/job.js';
import { createLedger } from './ledger/ledger.js';
import { keepLedgerShort } from './ledger/retention.js';
import { openSecretBox } from './ledger/secret-box.js';
import { createLog } from './log.js';
import type { GatewayParts } from './metrics/gateway-parts.js';
import { openMetrics } from './metrics/open.js';
import { createSchedule } from './pace/schedule.js';
import { drivers as knownProviders, openProviders, type ProviderDriver } from './providers/drivers.js';
import { findDefaultApiKey } from './providers/model-studio/default-api-key.js';
import { openClient } from './providers/model-studio/open.js';
import { advisedPoll, sandboxPoll } from './providers/model-studio/poll-times.js';
import { loadParser } from './rewriter/parse.js';
import { ownTag, rewriteText, translateError } from './rewriter/rewrite.js';
import { mapStartupParameters } from './rewriter/settings.js';
import { type RunFile, removeRunFile, writeRunFile } from './run-file.js';
import {
  listenFailure,
  listSetting,
  numberSetting,
  type Settings,
  switchSetting,
  UsageError,
} from './settings/settings.js';
import { allStarted, stopAll } from './start-and-stop.js';
import { drivers as knownStores, type StorageSettings } from './storage/drivers.js';
import { openStorage } from './storage/open.js';
import { defaultIdentity, fixedIdentity } from './storage/oss/base-identity.js';
import type { Driver } from './storage/storage.js';
import { longestStartupPacket } from './wire/startup.js';

export interface Gateway {
  runFile: RunFile;
  sandboxObjects: string | undefined;
  /** Reads the certificate files again. */
  reloadCertificate(): void;
  /** Drains, settles what is paid for, stops the engine. */
  stop(): Promise<void>;
  /** The embedded engine ended by itself and does not start again: the gateway is of no use any more. */
  engineDied: Promise<unknown>;
}

const dataDirectoryMode = { ofRoot: 0o711, ofUser: 0o700 };

/** What SQL may name: kinds of stores in paths, providers of deployed models. */
export interface Drivers {
  stores: Driver<StorageSettings>[];
  providers: readonly ProviderDriver[];
}

const knownDrivers: Drivers = { stores: knownStores, providers: knownProviders };

export async function startGateway(
  settings: Settings,
  log: Logger = createLog(settings),
  drivers: Drivers = knownDrivers,
): Promise<Gateway> {
  const dataDirectory = resolve(settings.dataDir ?? '');
  // Started by root, the engine's own account must be able to walk through; the files in it are readable by their owners only.
  const mode = process.getuid?.() === 0 ? dataDirectoryMode.ofRoot : dataDirectoryMode.ofUser;
  await mkdir(dataDirectory, { recursive: true, mode });

  const stopping: (() => Promise<void>)[] = [];
  // The callback endpoint listens before the engine starts, and what answers it needs the engine.
  const answers: { answer: Answer; gone(engineProcessId: number): void } = { answer: notYet, gone: () => {} };
  try {
    const claim = await claimEngine(engineOptions(settings, dataDirectory), {
      answer: (question, caller, signal) => answers.answer(question, caller, signal),
      gone: (engineProcessId) => answers.gone(engineProcessId),
      log,
    });
    stopping.push(claim.release);
    const parts: GatewayParts = {};
    const metrics = await openMetrics(metricsPlace(settings), parts, log);
    // Stopped among the last, so that it tells of draining too.
    stopping.unshift(metrics.close);
    const [engine, cloud, certificate] = await allStarted([
      claim.open(),
      openCloud(settings, dataDirectory, stopping),
      certificateFiles(settings, dataDirectory),
      loadParser(),
    ]);
    parts.engine = engine;
    const generation = await openGeneration(
      settings,
      { dataDirectory, engine, cloud, drivers, stopping, log },
      metrics.meter,
    );
    const { calls, storage, schedule, texts } = generation;
    parts.schedule = schedule;
    answers.answer = generation.answer;
    answers.gone = (engineProcessId) => calls.statementOver(engineProcessId, 'failed');
    await engine.gateways.watch({
      gone: calls.takeOver,
      cancel: calls.cancelHere,
      counted: schedule.shareAmong,
    });

    const encryption = openEncryption(certificate, tlsPolicy(settings));
    const events = sessionEvents(calls, texts, engine.databases.created, log);
    const frontend = await openFrontDoor(settings, engine, encryption, events, log);
    stopping.push(frontend.close);
    parts.frontend = frontend;
    const door = { host: ownHost(settings), port: frontend.port, database: engine.address.database };
    const webConsole = await openConsole(settings, { door, storage, dataDirectory, certificate, log });
    if (webConsole) stopping.push(webConsole.close);
    const runFile: RunFile = {
      pid: process.pid,
      postgres: clientUrl(settings, engine.address, frontend),
      console: webConsole?.url ?? null,
      metrics: metrics.url,
      sandbox: cloud ? { modelStudio: cloud.modelStudio, oss: cloud.oss, sts: cloud.sts } : null,
    };
    await writeRunFile(dataDirectory, runFile);
    return {
      runFile,
      sandboxObjects: cloud?.objectDirectory,
      reloadCertificate() {
        encryption.reload();
        webConsole?.reloadCertificate();
      },
      engineDied: engine.died,
      async stop() {
        await removeRunFile(dataDirectory);
        const graceMs = numberSetting(settings, 'drainMs');
        await frontend.drain(graceMs);
        await Promise.race([calls.settled(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
        await stopAll(stopping, log);
      },
    };
  } catch (error) {
    await stopAll(stopping, log);
    throw error;
  }
}

interface Surroundings {
  dataDirectory: string;
  engine: OpenedEngine;
  cloud: Cloud | undefined;
  drivers: Drivers;
  stopping: (() => Promise<void>)[];
  log: Logger;
}

/** All that a call needs, and the answers to what the engine's functions ask about calls. */
async function openGeneration(
  settings: Settings,
  { dataDirectory, engine, cloud, drivers, stopping, log }: Surroundings,
  meter: Meter,
) {
  const secrets = await openSecretBox(dataDirectory, settings.secretKey);
  const catalogue = createCatalogue(engine.pool, secrets);
  if (cloud) await deploySandboxModels(catalogue);
  const { storage, schedule } = openDrivers(settings, cloud, stopping, drivers.stores);
  const ledger = createLedger(engine.pool, engine.gatewayId);
  const providers = openProviders(
    {
      modelStudio: {
        baseUrl: cloud ? `${cloud.modelStudio}/api/v1` : (settings.providerUrl ?? ''),
        defaultApiKey: cloud ? sandboxApiKey : await findDefaultApiKey(settings.apiKey, homedir()),
        pauseMs: cloud ? sandboxPoll(numberSetting(settings, 'sandboxVideoMs')) : advisedPoll,
      },
    },
    { ledger, schedule },
    drivers.providers,
  );
  stopping.push(providers.close);
  const days = {
    jobsDays: numberSetting(settings, 'keepJobsDays'),
    usageDays: numberSetting(settings, 'keepUsageDays'),
  };
  stopping.push(keepLedgerShort(engine.pool, days, log).close);
  const models = { catalogue, providers, places: storage };
  const calls = createCalls({ storage, ledger, schedule, meter }, models, log);
  const texts = createStatementTexts();
  const answer = answerQuestions({
    ...{ calls, models, storage, ledger, schedule },
    budgets: createBudgets(engine.pool),
    files: createFileMemory(),
    originalText: texts.originalOf,
  });
  return { calls, storage, schedule, texts, answer };
}

async function openFrontDoor(
  settings: Settings,
  engine: OpenedEngine,
  encryption: Encryption,
  events: SessionEvents,
  log: Logger,
): Promise<Frontend> {
  const [host, port] = [settings.host ?? '127.0.0.1', numberSetting(settings, 'port')];
  const frontend = listenForClients({
    ...{ host, port, encryption, events, log },
    maxConnections: numberSetting(settings, 'maxConnections'),
    loginMs: numberSetting(settings, 'loginMs'),
    engine: engine.address,
    mapParameters: (parameters) => nameGateway(mapStartupParameters(parameters), engine.sessionGateway),
    databaseReady: engine.databases.ready,
    scramKeys: createScramKeyLookup(engine.pool),
  });
  return frontend.catch((error) => {
    throw listenFailure(error, host, port, error.code === 'EADDRNOTAVAIL' ? 'host' : 'port');
  });
}

async function openCloud(
  settings: Settings,
  dataDirectory: string,
  stopping: (() => Promise<void>)[],
): Promise<Cloud | undefined> {
  if (!switchSetting(settings, 'sandbox')) return undefined;
  const directory = join(dataDirectory, 'sandbox');
  // What clients generate is theirs, also when it is only pretended.
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Loaded only here: it brings a drawing library and fonts that nobody else needs.
  const { startCloud } = await import('../sandbox/cloud.js');
  const cloud = await startCloud({
    directory,
    imageMs: numberSetting(settings, 'sandboxImageMs'),
    videoMs: numberSetting(settings, 'sandboxVideoMs'),
    documentedLimits: settings.sandboxLimits === 'documented',
  });
  stopping.push(cloud.close);
  return cloud;
}

/** The clients of provider and storage; a cloud on loopback takes the place of the real one, with its own keys. */
export function openDrivers(
  settings: Settings,
  cloud: { modelStudio: string; oss: string; sts: string } | undefined,
  stopping: (() => Promise<void>)[],
  stores: Driver<StorageSettings>[] = knownStores,
) {
  const schedule = createSchedule(!cloud || settings.sandboxLimits === 'documented');
  const studio = openClient(cloud ? `${cloud.modelStudio}/api/v1` : (settings.providerUrl ?? ''), schedule);
  const identity = cloud ? fixedIdentity(sandboxKeys) : defaultIdentity();
  const storage = openStorage(
    {
      ossEndpointOverride: cloud?.oss ?? settings.ossEndpoint,
      stsEndpointOverride: cloud?.sts ?? settings.stsEndpoint,
      allowedRoles: listSetting(settings, 'allowedRoles'),
      allowAnyRole: cloud !== undefined,
      customDomains: listSetting(settings, 'ossDomains'),
      externalId: settings.externalId,
      baseIdentity: identity,
      timeouts: { connectMs: 10_000, responseMs: 60_000, idleMs: 60_000 },
    },
    stores,
  );
  stopping.push(async () => {
    await Promise.all([studio.close(), storage.close()]);
  });
  return { studio, storage, schedule, identity };
}

async function deploySandboxModels(catalogue: Catalogue): Promise<void> {
  if ((await catalogue.list()).length > 0) return;
  for (const [name, modelType, task] of sandboxModels) {
    await catalogue.deploy({
      name,
      modelType,
      provider: 'bailian',
      task,
      endpoint: undefined,
      apiKey: undefined,
      config: {},
      deployedBy: 'sandbox',
    });
  }
}

function tlsPolicy({ tlsMinVersion, tlsClientCa }: Settings): TlsPolicy {
  return { minVersion: tlsMinVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2', clientCa: tlsClientCa };
}

/** The operator's certificate, else the gateway's own. */
function certificateFiles(
  { tlsCert, tlsKey }: Settings,
  dataDirectory: string,
): CertificateFiles | Promise<CertificateFiles> {
  if (tlsCert && tlsKey) return { cert: tlsCert, key: tlsKey };
  if (!tlsCert && !tlsKey) return ensureOwnCertificate(dataDirectory);
  throw new UsageError('--tls-cert and --tls-key belong together: one of them is missing');
}

function engineOptions(settings: Settings, dataDirectory: string): EngineOptions {
  const callback = {
    host: settings.callbackHost ?? '127.0.0.1',
    port: numberSetting(settings, 'callbackPort'),
    rootCertificate: settings.callbackRootCert,
    certificate: () => certificateFiles(settings, dataDirectory),
  };
  return {
    dataDirectory,
    maxConnections: numberSetting(settings, 'maxConnections'),
    remote: settings.engineUrl === undefined ? undefined : { url: settings.engineUrl, callback },
  };
}

function metricsPlace(settings: Settings) {
  const port = settings.metricsPort === undefined ? undefined : numberSetting(settings, 'metricsPort');
  return { host: settings.metricsHost ?? '127.0.0.1', port };
}

async function notYet(): Promise<never> {
  throw new KnownError({
    kind: 'cannotConnectNow',
    message: 'hologen is starting',
    retryable: true,
  });
}

function sessionEvents(calls: Calls, texts: StatementTexts, databaseCreated: () => void, log: Logger) {
  return {
    rewrite(text: string) {
      const rewritten = attempt(() => rewriteText(text), log);
      if (rewritten) texts.remember(rewritten.text, { text, stopsAtRows: rewritten.stopsAtRows });
      return (
        rewritten && {
          text: rewritten.text,
          translateError: (fields: Map<string, string>) => translateError(rewritten, fields),
          tagOf: (index: number, tag: string) => ownTag(rewritten, index, tag),
        }
      );
    },
    started: () => {},
    databaseCreated,
    rowsAsked: calls.rowsAsked,
    ready: calls.statementOver,
    ended: (engineProcessId: number) => calls.statementOver(engineProcessId, 'failed'),
  };
}

/**
 * Where several gateways serve one engine, a session's calls must come back to the gateway that relays it. Parameters that fill a startup
 * packet to the brim go as they are: PostgreSQL would refuse a longer one.
 */
function nameGateway(parameters: Map<string, string>, gatewayId: string | undefined): Map<string, string> {
  if (gatewayId === undefined) return parameters;
  const named = new Map([...parameters, ['hologen.gateway', gatewayId]]);
  const bytes = [...named].flat().reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
  return bytes + startupFrameBytes > longestStartupPacket ? parameters : named;
}

/** Length, protocol version, and the zero at the end. */
const startupFrameBytes = 9;

/** A mistake of the rewriter must not cost the user the statement: it runs as it was written. */
function attempt<T>(rewrite: () => T, log: Logger): T | undefined {
  try {
    return rewrite();
  } catch (error) {
    log.error({ err: error }, 'a statement could not be rewritten');
    return undefined;
  }
}

/** How the gateway's own machine reaches its front door. */
function ownHost({ host }: Settings): string {
  return !host || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
}

function clientUrl(settings: Settings, engine: EngineAddress, frontend: Frontend): string {
  const host = ownHost(settings);
  const [user, password, database] = [engine.user, engine.password, engine.database].map(encodeURIComponent);
  return `postgresql://${user}:${password}@${host.includes(':') ? `[${host}]` : host}:${frontend.port}/${database}`;
}
