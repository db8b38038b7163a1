/** The wire: the same work directly on the engine, through PgBouncer (session pooling), a bare pipe in Node and hologen, in turns. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { cpuMs, median, privateBytes, run, start, stop, table } from './processes.mjs';

const hologen = fileURLToPath(new URL('../dist/src/cli/hologen.js', import.meta.url));
const barePipe = fileURLToPath(new URL('pipe.mjs', import.meta.url));
const modes = ['simple', 'extended', 'prepared'];
const clientCounts = [1, 8, 32];
const idleSessions = 1000;
const idleRounds = 3;
const bigRows = 1_000_000;

export async function benchWire(args) {
  const rounds = Number(args[0] ?? 5);
  const seconds = Number(args[1] ?? 3);
  return amongRelays(async ({ ways, bench, env, folder }) => {
    const work = { ...throughputWork(bench, seconds), ...connectWork(bench, seconds), ...bulkWork(env) };
    const results = await inTurns(ways, work, rounds);
    print(results);
    return { rounds, seconds, results, idle: await measureIdle(folder) };
  });
}

/** `rounds seconds part of a name`: small transactions alone, and the processor time that each relay takes for one, which a busy machine blurs less than how many there are. */
export async function benchRelay(args) {
  const rounds = Number(args[0] ?? 5);
  const seconds = Number(args[1] ?? 3);
  const wanted = args[2] ?? '';
  return amongRelays(async ({ ways: { pgbouncer, pipe, hologen }, bench }) => {
    const ways = { pgbouncer, pipe, hologen };
    for (const way of Object.values(ways)) await bench(way, '-S', '-c', '8', '-j', '1', '-T', '2');
    const cpu = {};
    const timed = (name, measure) => async (way) => {
      const before = await cpuMs(way.pid);
      const transactions = (await measure(way)) * seconds;
      const microseconds = (1000 * ((await cpuMs(way.pid)) - before)) / transactions;
      cpu[name] ??= {};
      cpu[name][way.name] ??= [];
      cpu[name][way.name].push(microseconds);
      return transactions / seconds;
    };
    const work = Object.entries(throughputWork(bench, seconds)).filter(([name]) => name.includes(wanted));
    const results = await inTurns(
      ways,
      Object.fromEntries(work.map(([name, measure]) => [name, timed(name, measure)])),
      rounds,
    );
    printRelays(results, cpu);
    return { rounds, seconds, results, cpuMicroseconds: cpu };
  });
}

/** Starts the engine and all ways to it, and stops them after the measurement. */
async function amongRelays(measure) {
  const folder = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  await chmod(folder, 0o755);
  const gateway = await start(
    process.execPath,
    [hologen, 'serve', '--data-dir', join(folder, 'data'), '--port', '0', '--max-connections', '1200'],
    /^ready /m,
  );
  const url = new URL(JSON.parse(await readFile(join(folder, 'data/runtime.json'), 'utf8')).postgres);
  const password = decodeURIComponent(url.password);
  const bouncerPort = await freePort();
  const bouncer = await startPgBouncer(folder, bouncerPort, password);
  const pipePort = await freePort();
  const pipe = await start(
    process.execPath,
    [barePipe, join(folder, 'data/engine/run/.s.PGSQL.5432'), String(pipePort)],
    /piping/,
  );
  const ways = {
    direct: { host: join(folder, 'data/engine/run'), port: 5432 },
    pgbouncer: { name: 'pgbouncer', host: '127.0.0.1', port: bouncerPort, pid: bouncer.pid },
    pipe: { name: 'pipe', host: '127.0.0.1', port: pipePort, pid: pipe.pid },
    hologen: { name: 'hologen', host: '127.0.0.1', port: Number(url.port), pid: gateway.pid },
  };
  const env = {
    ...process.env,
    PGUSER: 'hologen',
    PGDATABASE: 'hologen',
    PGPASSWORD: password,
    PGSSLMODE: 'disable',
  };
  try {
    const pgbench = await findPgbench();
    const bench = (way, ...more) =>
      run(pgbench, ['-h', way.host, '-p', String(way.port), '-n', ...more], { env, maxBuffer: 1e8 });
    await bench(ways.direct, '-i', '-s', '10', '-q');
    return await measure({ ways, bench, env, folder });
  } finally {
    await stop(pipe);
    await stop(bouncer, 'SIGINT');
    await stop(gateway);
    await rm(folder, { recursive: true, force: true });
  }
}

function throughputWork(bench, seconds) {
  const work = {};
  for (const mode of modes) {
    for (const clients of clientCounts) {
      work[`pgbench -S ${mode}, ${clients} clients (tps)`] = async (way) =>
        tps(await bench(way, '-S', '-M', mode, '-c', String(clients), '-j', '1', '-T', String(seconds)));
    }
  }
  return work;
}

function connectWork(bench, seconds) {
  return {
    'connect, query, disconnect (a second)': async (way) =>
      tps(await bench(way, '-S', '-C', '-c', '4', '-j', '1', '-T', String(seconds))),
  };
}

function tps({ stdout }) {
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
}

/** Rows a second; psql reads and throws away, or sends what a pipe gives. */
function bulkWork(env) {
  const timed = async (way, script) => {
    const startedAt = process.hrtime.bigint();
    await shell(script, { ...env, PGHOST: way.host, PGPORT: String(way.port) });
    return bigRows / (Number(process.hrtime.bigint() - startedAt) / 1e9);
  };
  const rows = `SELECT aid, bid, abalance, filler FROM pgbench_accounts LIMIT ${bigRows}`;
  return {
    '1e6-row SELECT (rows a second)': (way) =>
      timed(way, `psql -XAtq --set FETCH_COUNT=0 -c '${rows}' > /dev/null`),
    '1e6-row COPY out (rows a second)': (way) =>
      timed(way, `psql -Xq -c 'COPY (${rows}) TO STDOUT' > /dev/null`),
    '1e6-row COPY in (rows a second)': (way) =>
      timed(way, `seq 1 ${bigRows} | psql -Xq -c 'CREATE TEMP TABLE t (i int)' -c 'COPY t FROM STDIN'`),
  };
}

function shell(script, env) {
  return new Promise((resolve, reject) => {
    spawn('sh', ['-c', script], { env, stdio: ['ignore', 'ignore', 'inherit'] }).once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${script}: exit ${code}`)),
    );
  });
}

/** A B C, A B C, …: what the machine does meanwhile falls on all alike. */
async function inTurns(ways, work, rounds) {
  const results = [];
  for (const [name, measure] of Object.entries(work)) {
    const figures = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [way, target] of Object.entries(ways)) figures[way].push(await measure(target));
    }
    const medians = Object.fromEntries(Object.entries(figures).map(([way, values]) => [way, median(values)]));
    results.push({
      name,
      medians,
      toPgbouncer: ratio(figures.hologen, figures.pgbouncer),
      toPipe: ratio(figures.hologen, figures.pipe),
      toDirect: figures.direct && ratio(figures.hologen, figures.direct),
      figures,
    });
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return results;
}

/** Median of the ratios of each round. */
function ratio(ours, theirs) {
  return median(ours.map((value, round) => value / theirs[round]));
}

function print(results) {
  const rows = results.map(({ name, medians, toPgbouncer, toPipe, toDirect }) => [
    name,
    ...['direct', 'pgbouncer', 'pipe', 'hologen'].map((way) => Math.round(medians[way]).toLocaleString('en')),
    toPgbouncer.toFixed(2),
    toPipe.toFixed(2),
    toDirect.toFixed(2),
  ]);
  console.log(
    table(['what', 'direct', 'PgBouncer', 'bare pipe', 'hologen', '÷ PgBouncer', '÷ pipe', '÷ direct'], rows),
  );
}

function printRelays(results, cpu) {
  const relays = ['pgbouncer', 'pipe', 'hologen'];
  const rows = results.map(({ name, medians, toPgbouncer, toPipe }) => [
    name,
    ...relays.map((way) => Math.round(medians[way]).toLocaleString('en')),
    toPgbouncer.toFixed(2),
    toPipe.toFixed(2),
    relays.map((way) => median(cpu[name][way]).toFixed(1)).join(' / '),
  ]);
  const header = ['what', 'PgBouncer', 'bare pipe', 'hologen', '÷ PgBouncer', '÷ pipe', 'processor µs each'];
  console.log(table(header, rows));
}

/**
 * A gateway of its own, fresh, because memory that earlier work left free would hide what sessions take. The same sessions come and go several
 * times; each time counts what the gateway holds beyond what it held without them, garbage collected.
 */
async function measureIdle(folder) {
  const dataDir = join(folder, 'idle');
  const collector = join(folder, 'collect.cjs');
  await writeFile(collector, "process.on('SIGUSR2', () => { global.gc(); global.gc(); });\n");
  const gateway = await start(
    process.execPath,
    [
      '--expose-gc',
      '--require',
      collector,
      hologen,
      'serve',
      '--data-dir',
      dataDir,
      '--port',
      '0',
      '--max-connections',
      '1200',
    ],
    /^ready /m,
  );
  const { postgres } = JSON.parse(await readFile(join(dataDir, 'runtime.json'), 'utf8'));
  const figures = [];
  try {
    for (let round = 0; round < idleRounds; round++) {
      const before = await collectedBytes(gateway);
      const clients = [];
      for (let i = 0; i < idleSessions; i++) {
        const client = new pg.Client({ connectionString: postgres, ssl: false });
        await client.connect();
        clients.push(client);
      }
      figures.push(((await collectedBytes(gateway)) - before) / 1024 / idleSessions);
      await Promise.all(clients.map((client) => client.end()));
    }
  } finally {
    await stop(gateway);
  }
  // Of later rounds a part lies in what earlier ones left: the first is the honest one, the highest the cautious one.
  const [first, highest] = [figures[0], Math.max(...figures)];
  console.log(
    `\n${idleSessions} idle sessions: ${first.toFixed(1)} KiB each in a fresh gateway, ${highest.toFixed(1)} at most in ${idleRounds} rounds`,
  );
  return { idleSessions, kibibytesEach: first, highestKibibytesEach: highest, figures };
}

/** Private memory after garbage was collected; freed pages go back in the background, so it looks until nothing more goes. */
async function collectedBytes(gateway) {
  let least = Number.POSITIVE_INFINITY;
  for (let unchanged = 0; unchanged < 5; unchanged++) {
    gateway.kill('SIGUSR2');
    await delay(200);
    const bytes = await privateBytes(gateway.pid);
    if (bytes < least * 0.995) unchanged = 0;
    least = Math.min(least, bytes);
  }
  return least;
}

/**
 * Each client gets a new connection to the engine, as from the gateway: an engine's process is some fifth slower before it has filled its caches and
 * mapped the shared buffers, and PgBouncer would give it on, warm, from one run to the next (server_lifetime = 0: used once).
 */
async function startPgBouncer(folder, port, password) {
  const settings = `[databases]
hologen = host=${join(folder, 'data/engine/run')} port=5432 dbname=hologen user=hologen password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = session
default_pool_size = 100
server_lifetime = 0
max_client_conn = 1200
ignore_startup_parameters = extra_float_digits
`;
  await writeFile(join(folder, 'pgbouncer.ini'), settings);
  await writeFile(join(folder, 'users.txt'), `"hologen" "${password}"\n`);
  // PgBouncer, like PostgreSQL, does not run as root; it must enter the engine's socket folder, so it runs as the engine does.
  const account = process.getuid() === 0 ? await ownerOf(join(folder, 'data/engine/run')) : {};
  return start('pgbouncer', [join(folder, 'pgbouncer.ini')], /process up/, account);
}

async function ownerOf(path) {
  const { stdout } = await run('stat', ['-c', '%u %g', path]);
  const [uid, gid] = stdout.split(' ').map(Number);
  return { uid, gid };
}

/** Debian keeps it beside the server's other programs, outside PATH. */
async function findPgbench() {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  return newest ? `/usr/lib/postgresql/${newest}/bin/pgbench` : 'pgbench';
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
