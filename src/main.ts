/** Puts the gateway together: engine, sandbox or cloud, calls, callback endpoint, front door. The only file that sees all. */
import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { CallbackOptions } from './callback/endpoint.js';
import { awaitedBy } from './callback/questions/calls.js';
import { originOf } from './callback/questions/question.js';
import type { Calls } from './calls/calls.js';
import type { Meter } from './calls/meter.js';
import { openConsole } from './console/server/open.js';
import { openOpenaiDoor } from './doors/openai/open.js';
import { KnownError, UsageError } from './errors.js';
import { type CertificateFiles, ensureOwnCertificate, openEncryption } from './frontend/encryption.js';
import type { Frontend } from './frontend/listener.js';
import { createLog } from './log.js';
import type { GatewayParts } from './metrics/gateway-parts.js';
import { openMetrics } from './metrics/open.js';
import { type Drivers, openCalls } from './open-calls.js';
import { type ClaimedEngine, claimEngine, type EngineOptions } from './open-engine.js';
import { openFrontDoor, ownHost } from './open-front-door.js';
import { drivers as providers } from './providers/drivers.js';
import { isLoopback } from './public-address.js';
import { loadParser } from './rewriter/parse.js';
import { type RunFile, removeRunFile, writeRunFile } from './run-file.js';
import { inSandbox, startSandbox } from './sandbox.js';
import type { Configuration } from './settings/configuration.js';
import { createReloading, type Reloading } from './settings/reload.js';
import { allStarted, stopAll } from './start-and-stop.js';
import { drivers as stores } from './storage/drivers.js';

export interface Gateway {
  runFile: RunFile;
  sandboxObjects: string | undefined;
  /** Reads settings and certificate files again; what cannot be used changes nothing, and rejects. */
  reload: Reloading['reload'];
  /** Drains, settles what is paid for, stops the engine. */
  stop(): Promise<void>;
  /** The embedded engine ended by itself and does not start again: the gateway is of no use any more. */
  engineDied: Promise<unknown>;
}

interface Starting {
  drivers: Drivers;
  /** What is written now. */
  readAgain(): Promise<Configuration>;
  log: Logger;
  /** Closes what is open already, in the order of opening. */
  stopping: (() => Promise<void>)[];
}

/** `readAgain` gives the configuration as it is written when it is asked for. */
export async function startGateway(
  configuration: Configuration,
  log: Logger = createLog(configuration.logLevel),
  drivers: Drivers = { stores, providers },
  readAgain = async () => configuration,
): Promise<Gateway> {
  const starting: Starting = { drivers, readAgain, log, stopping: [] };
  try {
    return await start(configuration, starting);
  } catch (error) {
    await stopAll(starting.stopping, log);
    throw error;
  }
}

async function start(configuration: Configuration, starting: Starting): Promise<Gateway> {
  await makeDataDirectory(configuration.dataDirectory);
  const { claim, answers } = await listenForEngine(configuration, starting);
  const parts: GatewayParts = {};
  const metrics = await openMetrics(configuration.metrics, parts, starting.log);
  // Stopped among the last, so that it tells of draining too.
  starting.stopping.unshift(metrics.close);
  const inside = await openInside(configuration, claim, metrics.meter, starting);
  const { engine, schedule, calls, draining, messages: webhooks, news, missed } = inside;
  Object.assign(parts, { engine, schedule, calls, draining, webhooks });
  const { takeOver: gone, cancelAsked: cancel } = calls;
  answers.answer = inside.answer;
  answers.gone = (caller, unread) =>
    calls.engineLeft(originOf(caller), unread && { awaited: awaitedBy(unread) });
  await engine.gateways.watch({ gone, cancel, news, missed, counted: schedule.shareAmong });
  const outside = await openOutside(configuration, inside, starting);
  parts.frontend = outside.frontend;
  inside.reloading.before.push(() => reloadCertificate(outside));
  const runFile = runFileOf(configuration, inside, outside, metrics.url);
  await writeRunFile(configuration.dataDirectory, runFile);
  return {
    runFile,
    sandboxObjects: inside.cloud?.objectDirectory,
    reload: inside.reloading.reload,
    engineDied: engine.died,
    stop: () => stop(configuration, outside.frontend, calls, starting),
  };
}

/** Started by root, the engine's own account must be able to walk through; the files in it are readable by their owners only. */
async function makeDataDirectory(directory: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(directory, { recursive: true, mode });
}

/** The callback endpoint listens before the engine starts, and what answers it needs the engine: until then it says so. */
async function listenForEngine(configuration: Configuration, { log, stopping }: Starting) {
  const answers: Pick<CallbackOptions, 'answer' | 'gone'> = { answer: notYet, gone: () => {} };
  const claim = await claimEngine(engineOptions(configuration), {
    answer: (question, caller, signal) => answers.answer(question, caller, signal),
    gone: (...given) => answers.gone(...given),
    log,
  });
  stopping.push(claim.release);
  return { claim, answers };
}

async function notYet(): Promise<never> {
  throw new KnownError({ kind: 'cannotConnectNow', message: 'hologen is starting', retryable: true });
}

function engineOptions(configuration: Configuration): EngineOptions {
  const { dataDirectory, maxConnections, engine } = configuration;
  const callback = { ...engine.callback, certificate: () => certificateFiles(configuration) };
  return {
    ...{ dataDirectory, maxConnections },
    remote: engine.url === undefined ? undefined : { url: engine.url, callback },
  };
}

/** The operator's certificate, else the gateway's own. */
async function certificateFiles({ door, dataDirectory }: Configuration): Promise<CertificateFiles> {
  const { tlsCert, tlsKey } = door;
  if (tlsCert && tlsKey) return { cert: tlsCert, key: tlsKey };
  if (!tlsCert && !tlsKey) return ensureOwnCertificate(dataDirectory);
  throw new UsageError('--tls-cert and --tls-key belong together: one of them is missing');
}

/** Everything behind the front door. */
async function openInside(given: Configuration, claim: ClaimedEngine, meter: Meter, starting: Starting) {
  const { stopping } = starting;
  const [engine, cloud, certificate] = await allStarted([
    claim.open(),
    startSandbox(given, stopping),
    certificateFiles(given),
    loadParser(),
  ]);
  const used = (read: Configuration) => (cloud ? inSandbox(read, cloud) : read);
  const configuration = used(given);
  const reloading = createReloading(configuration, async () => used(await starting.readAgain()));
  reloading.after.push(() => {
    starting.log.level = configuration.logLevel;
  });
  const opened = await openCalls(configuration, { engine, meter, reloading, ...starting });
  return { ...opened, engine, cloud, certificate, reloading };
}

type Inside = Awaited<ReturnType<typeof openInside>>;

/** What clients and people see: the front door, and the console and other doors that go through it. */
async function openOutside(configuration: Configuration, inside: Inside, { log, stopping }: Starting) {
  const { engine, certificate, storage } = inside;
  const { minTlsVersion: minVersion, clientCa } = configuration.door;
  const encryption = openEncryption(certificate, { minVersion, clientCa });
  const frontend = await openFrontDoor(configuration, inside, encryption, log);
  stopping.push(frontend.close);
  const door = { host: ownHost(configuration), port: frontend.port, database: engine.address.database };
  const { dataDirectory, provider } = configuration;
  const privateResults = isLoopback(new URL(inside.cloud?.modelStudio ?? provider.baseUrl));
  const owner = { role: engine.address.user, password: engine.address.password };
  const sandbox = inside.cloud !== undefined;
  const parts = { door, owner, sandbox, storage, dataDirectory, certificate, log, privateResults };
  const console = await openConsole(configuration, parts);
  if (console) stopping.push(console.close);
  const openai = await openOpenaiDoor(configuration, { door, certificate, log, privateResults });
  if (openai) stopping.push(openai.close);
  return { encryption, frontend, console, openai };
}

type Outside = Awaited<ReturnType<typeof openOutside>>;

function reloadCertificate({ encryption, console, openai }: Outside): void {
  try {
    encryption.reload();
    console?.reloadCertificate();
    openai?.reloadCertificate();
  } catch (error) {
    throw new UsageError(`the new certificate cannot be used: ${(error as Error).message}`);
  }
}

function runFileOf(
  configuration: Configuration,
  { engine, cloud }: Inside,
  { frontend, console, openai }: Outside,
  metrics: string | null,
): RunFile {
  const { user, password, database } = engine.address;
  const [name, secret, place] = [user, password, database].map(encodeURIComponent);
  const host = ownHost(configuration);
  const where = `${host.includes(':') ? `[${host}]` : host}:${frontend.port}`;
  return {
    pid: process.pid,
    postgres: `postgresql://${name}:${secret}@${where}/${place}`,
    console: console?.url ?? null,
    openai: openai?.url ?? null,
    ticketKey: console?.ticketKey ?? null,
    metrics,
    sandbox: cloud ? { modelStudio: cloud.modelStudio, oss: cloud.oss, sts: cloud.sts } : null,
  };
}

async function stop(
  { dataDirectory, door }: Configuration,
  frontend: Frontend,
  calls: Calls,
  { stopping, log }: Starting,
): Promise<void> {
  await removeRunFile(dataDirectory);
  await frontend.drain(door.drainMs, calls.isPaused);
  // What goes on is not to begin more, nor what waits in a line: who starts next sends it.
  calls.sendNoMore();
  const patience = new Promise((resolve) => setTimeout(resolve, door.drainMs).unref());
  await Promise.race([calls.settled(), patience]);
  calls.leave();
  await stopAll(stopping, log);
}
