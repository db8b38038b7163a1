/** The embedded engine: a PostgreSQL server that the gateway creates on its first start, and starts and stops with itself. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { KnownError } from '../errors.js';
import { keptSecret } from '../kept-secret.js';
import { type EnginePlace, placeEngine } from './account.js';
import type { EngineAddress } from './address.js';
import { findEngineBinaries } from './binaries.js';
import { noteHome, refuseSecondCluster } from './moved-cluster.js';

export interface EmbeddedEngine {
  address: EngineAddress;
  stop(): Promise<void>;
  /** Resolves if the engine ends without having been asked to. */
  died: Promise<number | null>;
}

export interface PreparedEngine extends EnginePlace {
  dataDirectory: string;
  /** Folder for the sockets of both sides; only gateway and engine can enter it. */
  socketDirectory: string;
}

const ownerRole = 'hologen';
const socketPort = 5432;
/** A socket path may have 107 bytes (Linux' sun_path, less the final zero), "/.s.PGSQL.65535" included. */
const longestSocketDirectory = 90;
const startTimeoutMs = 60_000;
/** As pg_ctl has it: https://www.postgresql.org/docs/current/app-pg-ctl.html */
const usualStopSeconds = 60;
const run = promisify(execFile);

/** Finds binaries and account, and creates the folders. Starts nothing. */
export async function prepareEngine(dataDirectory: string): Promise<PreparedEngine> {
  const place = await placeEngine(dataDirectory, await findEngineBinaries());
  return { ...place, dataDirectory, socketDirectory: await makeSocketDirectory(place) };
}

/** Starts the engine. Creates the cluster if there is none, and first names in the log, and stops, an engine that a killed gateway left behind. */
export async function startEmbeddedEngine(
  place: PreparedEngine,
  options: { maxConnections: number; log: Logger },
): Promise<EmbeddedEngine> {
  const { dataDirectory, socketDirectory } = place;
  const cluster = join(place.home, 'cluster');
  const password = await keptSecret(dataDirectory, 'owner-password');
  if (!existsSync(join(cluster, 'PG_VERSION'))) {
    await refuseSecondCluster(dataDirectory, place.home);
    await createCluster(place, cluster, password);
  }
  await noteHome(dataDirectory, place.home);
  await endLeftover(place, cluster, options.log);

  const { server, ended } = await startServer(place, cluster, options.maxConnections);
  let stopping = false;
  return {
    address: {
      host: socketDirectory,
      port: socketPort,
      user: ownerRole,
      password,
      database: ownerRole,
      tls: undefined,
    },
    died: ended.then((code) => (stopping ? new Promise<never>(() => {}) : code)),
    async stop() {
      stopping = true;
      await stopServer(server, ended, options.log);
    },
  };
}

/** Resolves when the server accepts connections. `ended` resolves with its exit code, whatever ends it. */
async function startServer(
  place: PreparedEngine,
  cluster: string,
  maxConnections: number,
): Promise<{ server: ChildProcess; ended: Promise<number | null> }> {
  const logFile = join(place.dataDirectory, 'engine.log');
  const log = await open(logFile, 'a', 0o600);
  const server = spawn(
    join(place.binaries, 'bin', 'postgres'),
    ['-D', cluster, ...settings(place.socketDirectory, maxConnections)],
    // Its own process group: Ctrl-C in the gateway's terminal must not stop the engine before sessions are drained.
    { ...processOptions(place), detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  const ended = new Promise<number | null>((resolve) =>
    server.once('exit', resolve).once('error', () => resolve(null)),
  );
  await log.close();
  await untilReady(cluster, ended, logFile).catch((error: unknown) => {
    server.kill('SIGINT');
    throw error;
  });
  return { server, ended };
}

/** A process of the engine that does not end must not keep the gateway for ever. */
async function stopServer(server: ChildProcess, ended: Promise<unknown>, log: Logger): Promise<void> {
  const seconds = stopSeconds();
  // SIGINT asks PostgreSQL for a fast shutdown: it ends sessions and flushes data.
  server.kill('SIGINT');
  const late = setTimeout(() => {
    log.warn(
      { processId: server.pid },
      `the engine did not stop within ${seconds} s; it is ended at once, and the next start recovers what was committed`,
    );
    // An immediate shutdown: what does not end within 5 s is killed.
    server.kill('SIGQUIT');
  }, seconds * 1_000);
  await ended;
  clearTimeout(late);
}

/** PostgreSQL's own PGCTLTIMEOUT says how many seconds an engine may take to stop. */
function stopSeconds(): number {
  return Number(process.env.PGCTLTIMEOUT) || usualStopSeconds;
}

async function createCluster(place: EnginePlace, cluster: string, password: string): Promise<void> {
  // Under another name: what an initdb leaves that is killed half way, or outlives its gateway, must not be taken for a cluster.
  for (const name of await readdir(place.home)) {
    if (name.startsWith('cluster-'))
      await rm(join(place.home, name), { recursive: true, force: true }).catch(() => {});
  }
  const draft = `${cluster}-${process.pid}`;
  const passwordFile = `${draft}-password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.account) await chown(passwordFile, place.account.uid, place.account.gid);
  try {
    // The builtin C.UTF-8 locale sorts the same on every machine and does not depend on installed locales.
    const flags = ['-D', draft, '-U', ownerRole, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    const locale = ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await run(
      join(place.binaries, 'bin', 'initdb'),
      [...flags, ...locale, '--no-instructions'],
      processOptions(place),
    );
    await rename(draft, cluster);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw new Error(`initdb failed: ${(error as { stderr?: string }).stderr ?? (error as Error).message}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function settings(socketDirectory: string, maxConnections: number): string[] {
  const values = {
    listen_addresses: '',
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: '0700',
    port: String(socketPort),
    max_connections: String(maxConnections),
    password_encryption: 'scram-sha-256',
    // The type FILE is found by its bare name in every database.
    search_path: '"$user", public, hologen_names',
    // Two scans of a large table begin at the same place: a LIMIT without ORDER BY is looked ahead in, as other statements are.
    synchronize_seqscans: 'off',
    // If the gateway goes away, its clients' statements must not keep running.
    client_connection_check_interval: '2s',
    // Clients see their errors anyway; in the log, statements would leave API keys and prompts behind.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function processOptions(place: EnginePlace) {
  return {
    cwd: place.home,
    env: { PATH: process.env.PATH, TZ: process.env.TZ, LC_ALL: 'C' },
    ...(place.account && { uid: place.account.uid, gid: place.account.gid }),
  };
}

/** After kill -9 of a gateway its engine keeps running. It is stopped first, so that the new one starts from a clean shutdown. */
async function endLeftover(place: EnginePlace, cluster: string, log: Logger): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const processId = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!processId) return;
  const { stdout } = await run('ps', ['-o', 'args=', '-p', String(processId)]).catch(() =>
    commandLine(processId),
  );
  if (stdout.includes(cluster)) {
    // Said before: an engine that ends slowly holds up the start, and whoever looks on should know which process it is.
    log.warn(
      { processId, cluster },
      'an engine of a gateway that was killed still runs here; it is stopped first',
    );
    await stopLeftover(place, cluster, processId);
  } else {
    // The process id now belongs to another process, which would make PostgreSQL refuse to start, or to none.
    await rm(pidFile, { force: true });
  }
}

/** Throws a KnownError 58000 where it does not stop. */
async function stopLeftover(place: EnginePlace, cluster: string, processId: number): Promise<void> {
  const seconds = stopSeconds();
  try {
    await run(
      join(place.binaries, 'bin', 'pg_ctl'),
      ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', String(seconds)],
      processOptions(place),
    );
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    throw new KnownError({
      kind: 'systemError',
      message: `the engine that a killed gateway left behind, process ${processId} on ${cluster}, did not stop within ${seconds} s`,
      detail: stderr.trim() || message,
      hint: `Start again to wait as long once more, or longer with PGCTLTIMEOUT=SECONDS. If it never stops, kill -QUIT ${processId} ends it at once, and the next start recovers what was committed.`,
      cause,
    });
  }
}

/** For slim containers without `ps`. */
async function commandLine(processId: number): Promise<{ stdout: string }> {
  return { stdout: await readFile(`/proc/${processId}/cmdline`, 'utf8').catch(() => '') };
}

async function makeSocketDirectory(place: EnginePlace): Promise<string> {
  const preferred = join(place.home, 'run');
  const directory =
    preferred.length <= longestSocketDirectory
      ? preferred
      : join(tmpdir(), `hologen-${createHash('sha256').update(place.home).digest('hex').slice(0, 16)}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (place.account) await chown(directory, place.account.uid, place.account.gid);
  return directory;
}

/** The server writes its status to the eighth line of postmaster.pid; pg_ctl waits in the same way. */
async function untilReady(cluster: string, ended: Promise<number | null>, logFile: string): Promise<void> {
  const giveUpAt = Date.now() + startTimeoutMs;
  let over = false;
  ended.then(() => {
    over = true;
  });
  while (Date.now() < giveUpAt) {
    if (over) throw new Error(`PostgreSQL did not start; its last words are in ${logFile}`);
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[7]?.trim() === 'ready') return;
    await delay(10);
  }
  throw new Error(`PostgreSQL was not ready after ${startTimeoutMs / 1000} s; see ${logFile}`);
}

/** True if something accepts connections there. */
export function socketAnswers(where: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
