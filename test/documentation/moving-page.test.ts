/** The commands of docs/moving.md, run as they stand there: what was made, deployed and kept is there afterwards. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagePath } from '../../src/package-root.js';
import { makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { debianPrograms, startDebianPostgres } from '../debian-postgres.js';
import { refusal } from '../gateway.js';
import { runProgram } from '../programs.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/moving.md', import.meta.url)), 'utf8');
const quick = ['--sandbox', '--sandbox-image-ms', '1'];

/** The code blocks below a heading, in order. */
function blocksOf(heading: string): string[] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = section.split(/^#+ /m);
  return [...own.matchAll(/^```\w+\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
}

let folder: string;
beforeAll(async () => {
  folder = await makeDirectory();
  const program = join(folder, 'programs', 'hologen');
  await mkdir(join(folder, 'programs'));
  await writeFile(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${packagePath('dist/src/cli/hologen.js')}' "$@"\n`,
  );
  await chmod(program, 0o755);
});
afterAll(async () => {
  await stopGateways();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a block; its last line may start a gateway, which is then in the sandbox and on a free port. */
async function follow(
  block: string,
  values: Record<string, string>,
  flags = quick,
): Promise<SpawnedGateway | undefined> {
  const [commands = '', words] = block.split(/^hologen serve (.*)\n/m);
  const environment = {
    ...values,
    PATH: `${join(folder, 'programs')}:${debianPrograms}:${process.env.PATH}`,
  };
  await runProgram('bash', ['-euo', 'pipefail', '-c', commands], environment, folder);
  if (words === undefined) return undefined;
  const args = words.split(' ').map((word) => values[word.replace(/^"\$|"$/g, '')] ?? word);
  const [directory = ''] = args.splice(args.indexOf('--data-dir'), 2).slice(1);
  return serve(directory, [...args, ...flags]);
}

/** A gateway that a block must have started. */
async function followToGateway(...step: Parameters<typeof follow>): Promise<SpawnedGateway> {
  const gateway = await follow(...step);
  if (!gateway) throw new Error('the block starts no gateway');
  return gateway;
}

async function ask<T extends pg.QueryResultRow>(url: string, ...statements: string[]): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    let rows: T[] = [];
    for (const statement of statements) ({ rows } = await client.query<T>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

function picture(prompt: string, model = 'painter'): string {
  return `SELECT ai_gen('${model}', '{"prompt":"${prompt}","output_dir":"oss://demo/"}',
    to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test'))::json->'image_oss_paths'->>0 AS path`;
}

const deploy =
  blocksOf('Without the secret')[0]
    ?.replaceAll('sk-…', 'sk-of-the-painter')
    .split('\n')
    .filter((line) => line !== '') ?? [];
const paths = `SELECT outputs->0->>'ossPath' AS path FROM hologen.jobs WHERE model_name = 'painter' ORDER BY submitted_at`;

/** Deploys a model with a key of its own and makes a picture with it. Returns the picture's path. */
async function prepare(gateway: SpawnedGateway): Promise<string> {
  await ask(gateway.url, ...deploy.slice(1));
  const [made] = await ask<{ path: string }>(gateway.url, picture('a lake'));
  expect(made?.path).toMatch(/^oss:\/\/demo\/.+\.png$/);
  return made?.path ?? '';
}

async function isAllThere(url: string, path: string): Promise<void> {
  expect(await ask(url, paths)).toEqual([{ path }]);
  expect((await ask<{ path: string }>(url, picture('a hill')))[0]?.path).toMatch(/^oss:.+\.png$/);
}

test('a data directory that was stopped and moved has everything', async () => {
  const [values, block] = [
    { DATA: join(folder, 'before'), NEW_DATA: join(folder, 'after') },
    blocksOf('Stop and move a data directory')[0],
  ];
  await mkdir(values.DATA, { mode: 0o711 });
  const path = await prepare(await serve(values.DATA, quick));
  const moved = await followToGateway(block ?? '', values);
  expect(moved.dataDir).toBe(values.NEW_DATA);
  await isAllThere(moved.url, path);
});

test('a database that was dumped and restored has jobs, models and keys; without the secret, all but the keys', async () => {
  await using old = await disposable();
  await using fresh = await disposable();
  const values = {
    DATA: join(folder, 'of-the-old'),
    NEW_DATA: join(folder, 'of-the-new'),
    OLD_ENGINE: old.url,
    NEW_ENGINE: fresh.url,
  };
  await mkdir(values.DATA, { mode: 0o711 });
  const first = await serve(values.DATA, [...quick, '--engine-url', old.url]);
  const path = await prepare(first);
  await ask(first.url, "CREATE ROLE analyst LOGIN PASSWORD 'secret'", 'GRANT hologen_maker TO analyst');
  const ofAnalyst = (url: string) =>
    Object.assign(new URL(url), { username: 'analyst', password: 'secret' }).href;
  await ask(ofAnalyst(first.url), picture('a tree', 'qwen_image'));
  first.kill('SIGTERM');
  await first.exit;

  const [dump = '', restore = '', handOver = ''] = blocksOf('Dump and restore an engine of yours');
  await follow(dump, values);
  const next = await followToGateway(restore, values);
  await isAllThere(next.url, path);
  const jobsOfAnalyst = () => ask(ofAnalyst(next.url), 'SELECT model_name FROM hologen.jobs');
  expect(await jobsOfAnalyst()).toEqual([]);
  await runProgram('bash', ['-euc', `psql -v ON_ERROR_STOP=1 "$URL" <<'END'\n${handOver}END`], {
    URL: next.url,
  });
  expect(await jobsOfAnalyst()).toEqual([{ model_name: 'qwen_image' }]);
  next.kill('SIGTERM');
  await next.exit;

  await rm(join(values.NEW_DATA, 'secret.key'));
  const keyless = await serve(values.NEW_DATA, [...quick, '--engine-url', fresh.url]);
  const { message } = await refusal(ask(keyless.url, picture('a river')));
  expect(page).toContain(`\`${message}\``);
  await ask(keyless.url, picture('a river', 'qwen_image'));
  await ask(keyless.url, 'CREATE TABLE with_file (place file)');
  await ask(keyless.url, ...deploy, picture('a river'));
  keyless.kill('SIGTERM');
  await keyless.exit;
});

/** A database of a cluster of its own, whose owner may make roles and is no superuser, with dblink where only the owner may use it. */
async function ofPlainOwner() {
  const { url, close } = await startDebianPostgres();
  const inDatabase = Object.assign(new URL(url), { pathname: 'shop' });
  await ask(
    url,
    "CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'secret'",
    'CREATE DATABASE shop OWNER keeper',
  );
  await ask(
    inDatabase.href,
    'CREATE SCHEMA for_keeper',
    'CREATE EXTENSION dblink SCHEMA for_keeper',
    'GRANT USAGE ON SCHEMA for_keeper TO keeper',
  );
  const own = Object.assign(inDatabase, { username: 'keeper', password: 'secret' }).href;
  return { url: own, [Symbol.asyncDispose]: close };
}

test('an owner that is no superuser dumps and restores its database, with rights, degrees and keys', async () => {
  await using old = await ofPlainOwner();
  await using fresh = await ofPlainOwner();
  const values = {
    ...{
      DATA: join(folder, 'of-the-keeper'),
      NEW_DATA: join(folder, 'of-the-next-keeper'),
      DBLINK: 'for_keeper',
    },
    ...{ OLD_ENGINE: old.url, NEW_ENGINE: fresh.url },
  };
  await mkdir(values.DATA, { mode: 0o711 });
  const first = await serve(values.DATA, [...quick, '--engine-url', old.url]);
  const path = await prepare(first);
  await ask(
    first.url,
    "CREATE ROLE analyst LOGIN PASSWORD 'secret'",
    'GRANT hologen_maker TO analyst',
    'CREATE TABLE shelf (item text)',
    "INSERT INTO shelf VALUES ('lamp')",
    'GRANT SELECT ON shelf TO analyst',
  );
  first.kill('SIGTERM');
  await first.exit;
  const [dump = '', restore = ''] = blocksOf('An owner that is no superuser');
  await follow(dump, values);
  const next = await followToGateway(restore, values);
  await isAllThere(next.url, path);
  await ask(next.url, "ALTER ROLE analyst PASSWORD 'anew'");
  const asAnalyst = Object.assign(new URL(next.url), { username: 'analyst', password: 'anew' }).href;
  expect(await ask(asAnalyst, 'TABLE shelf')).toEqual([{ item: 'lamp' }]);
  expect((await ask(asAnalyst, picture('a tree', 'qwen_image')))[0]).toEqual({
    path: expect.stringMatching(/^oss:/),
  });
  const owners =
    "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'hologen_internal' AND tablename IN ('job', 'attempt')";
  expect(await ask(next.url, owners)).toEqual([{ owner: 'hologen_owner' }]);
});

test('what is dumped through the gateway, as from the embedded engine, is restored into an engine of one’s own', async () => {
  // The embedded engine's own version wants its pg_dump, which not every machine has; the owner and its database are as there.
  await using old = await disposable();
  await ask(
    old.url,
    "CREATE ROLE hologen SUPERUSER LOGIN PASSWORD 'of hologen'",
    'CREATE DATABASE hologen OWNER hologen',
  );
  const own = { username: 'hologen', password: 'of hologen', pathname: 'hologen' };
  await using fresh = await disposable();
  const values = {
    ...{ DATA: join(folder, 'like-embedded'), NEW_DATA: join(folder, 'no-longer-embedded') },
    ...{ NEW_ENGINE: fresh.url, AS_HOLOGEN: Object.assign(new URL(fresh.url), own).href },
  };
  await mkdir(values.DATA, { mode: 0o711 });
  const engine = Object.assign(new URL(old.url), own).href;
  const first = await serve(values.DATA, [...quick, '--engine-url', engine]);
  const path = await prepare(first);
  await ask(first.url, 'CREATE TABLE shelf (item text, place file)', "INSERT INTO shelf VALUES ('lamp')");
  const [dump = '', restore = ''] = blocksOf('From the embedded engine to one of yours');
  await follow(dump, values);
  first.kill('SIGTERM');
  await first.exit;
  const next = await followToGateway(restore, values);
  await isAllThere(next.url, path);
  expect(await ask(next.url, 'SELECT item FROM shelf')).toEqual([{ item: 'lamp' }]);
});

/** The layout before the last steps, and an older text of a file of code. */
const asBefore = [
  'DROP TABLE hologen_internal.pause CASCADE',
  'ALTER TABLE hologen_internal.job DROP COLUMN retried_as CASCADE, DROP COLUMN retried_at CASCADE',
  "DELETE FROM hologen_internal.migrations WHERE name ~ '(pauses|retried)'",
  "UPDATE hologen_internal.installed_code SET hash = 'older' WHERE name ~ '0001'",
];
const isUpgraded = async (url: string) => {
  await ask(url, "CALL pause_model('qwen-image')", "CALL resume_model('qwen-image')");
  const steps =
    "SELECT count(*)::int AS steps FROM hologen_internal.migrations WHERE name ~ '(pauses|retried)'";
  expect(await ask(url, steps)).toEqual([{ steps: 2 }]);
};

test('a data directory of an older layout is upgraded with all that is in it, and its backup starts, too', async () => {
  const values = { DATA: join(folder, 'upgraded'), BACKUP: join(folder, 'backup') };
  await mkdir(values.DATA, { mode: 0o711 });
  const first = await serve(values.DATA, quick);
  const path = await prepare(first);
  await ask(first.url, ...asBefore);
  const [upgrade = '', , back = ''] = blocksOf('Upgrade');
  const upgraded = await followToGateway(upgrade, values);
  await isUpgraded(upgraded.url);
  await isAllThere(upgraded.url, path);
  upgraded.kill('SIGTERM');
  await upgraded.exit;
  const restored = await followToGateway(back, values);
  await isAllThere(restored.url, path);
});

test('an engine of one’s own is upgraded by migrate, after a dump', async () => {
  await using engine = await disposable();
  const values = { DATA: join(folder, 'of-the-upgraded'), OLD_ENGINE: engine.url };
  await mkdir(values.DATA, { mode: 0o711 });
  const first = await serve(values.DATA, [...quick, '--engine-url', engine.url]);
  const path = await prepare(first);
  await ask(first.url, ...asBefore);
  first.kill('SIGTERM');
  await first.exit;
  const upgraded = await followToGateway(blocksOf('Upgrade')[1] ?? '', values);
  await isUpgraded(upgraded.url);
  await isAllThere(upgraded.url, path);
});

test('after kill -9 the start says which engine it found, as the page tells, and goes on', async () => {
  const values = { DATA: join(folder, 'killed') };
  await mkdir(values.DATA, { mode: 0o711 });
  const path = await prepare(await serve(values.DATA, quick));
  const pidFile = join(values.DATA, 'engine', 'cluster', 'postmaster.pid');
  const left = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const next = await followToGateway(blocksOf('After kill -9')[0] ?? '', values);
  const said = next.printed.stderr.split('\n').find((line) => line.includes(`"processId":${left},`));
  expect(page).toContain(`\`${JSON.parse(said ?? '{}').msg}\``);
  await isAllThere(next.url, path);
});

async function disposable() {
  const { url, close } = await startDebianPostgres();
  return { url, [Symbol.asyncDispose]: close };
}
