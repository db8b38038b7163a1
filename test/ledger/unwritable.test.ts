/** The engine does not take what became of a call, and says so in one way or another: it is written when it does, and nothing is made a second time. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, newDirectory, spawnGateway, startOutlivingCloud } from '../calls/crash-run.js';
import { embeddedPrograms, startDebianPostgres, superuserPassword } from '../debian-postgres.js';

let engine: Awaited<ReturnType<typeof startDebianPostgres>>;
let cloud: Awaited<ReturnType<typeof startOutlivingCloud>>;
let gateway: ReturnType<typeof spawnGateway>;
let dataDir: string;
let client: pg.Client;
/** On the engine itself. */
let operator: pg.Client;

beforeAll(async () => {
  const programs = join(embeddedPrograms, 'bin');
  engine = await startDebianPostgres([], ['max_notify_queue_pages = 64'], programs);
  cloud = await startOutlivingCloud({ imageMs: 50, videoMs: 700 });
  dataDir = await newDirectory();
  gateway = spawnGateway(dataDir, {
    ...cloud.environment,
    HOLOGEN_ENGINE_URL: engine.url,
    HOLOGEN_LOOK_MS: '100',
    HOLOGEN_LOG_LEVEL: 'error',
  });
  expect(await gateway.ready, gateway.printed()).toBe(true);
  client = await connect(dataDir);
  await client.query(
    "CALL register_external_model('video', 'wan2.6-t2v', 'bailian', '{}', 'video-generation')",
  );
  operator = new pg.Client({ connectionString: engine.url });
  await operator.connect();
});
afterAll(async () => {
  await operator?.end();
  gateway.child.kill('SIGTERM');
  await gateway.ended;
  await cloud?.close();
  await engine?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const complaints = () => gateway.printed().split(/cannot be written down|failed unexpectedly/).length;

const trigger = `CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not in office hours'; END $$;
  CREATE TRIGGER refuses BEFORE UPDATE ON hologen_internal.job EXECUTE FUNCTION refuses()`;
const webhook = `INSERT INTO hologen_internal.webhook (webhook_name, url, secret, role_name, set_by) VALUES ('told', 'http://127.0.0.1:9/', '', 'public', 'nobody')`;
const cutOff =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hologen gateway'";

test.each([
  [
    'a table that is away (42P01)',
    'ALTER TABLE hologen_internal.job RENAME TO job_away',
    'ALTER TABLE hologen_internal.job_away RENAME TO job',
  ],
  ['somebody’s trigger (P0001)', trigger, 'DROP FUNCTION refuses CASCADE'],
  [
    'another password (28P01)',
    `ALTER ROLE postgres PASSWORD 'changed'; ${cutOff}`,
    `ALTER ROLE postgres PASSWORD '${superuserPassword}'`,
  ],
])('%s: the statement waits, and has its film when that is over', async (what, breaks, mends) => {
  const request = JSON.stringify({ prompt: `a film through ${what}` });
  const made = client.query("SELECT ai_gen('video', $1) AS film", [request]).catch((error: Error) => error);
  const task = () => cloud.submits(what)[0]?.taskId;
  await expect.poll(task).toBeDefined();
  const before = complaints();
  await operator.query(breaks);
  await expect.poll(() => complaints() > before).toBe(true);
  await operator.query(mends);
  expect(await made).toMatchObject({ rows: [{ film: expect.stringContaining(`${task()}`) }] });
  expect(cloud.submits(what)).toHaveLength(1);
});

test.each([false, true])(
  'a queue of NOTIFY that somebody has filled: the film is written down, and nobody is told of it (a webhook: %s)',
  async (hasWebhook) => {
    if (hasWebhook) await operator.query(webhook);
    const listener = new pg.Client({ connectionString: engine.url });
    await listener.connect();
    await listener.query('LISTEN anything');
    await listener.query('BEGIN');
    await listener.query('SELECT 1');
    const fill = async () => {
      for (;;)
        await operator.query(
          "SELECT pg_notify('anything', repeat('x', 7000) || i) FROM generate_series(1, 20) i",
        );
    };
    await expect(fill()).rejects.toThrow(/NOTIFY queue/);
    const prompt = `a film that nobody is told of, webhook ${hasWebhook}`;
    const { rows } = await client.query("SELECT ai_gen('video', $1) AS film", [prompt]);
    expect(rows[0].film).toContain(cloud.submits(prompt)[0]?.taskId);
    await listener.end();
    await operator.query('DELETE FROM hologen_internal.webhook');
  },
);

test('what was committed of ai_submit is made when the engine takes that it may be', async () => {
  await client.query('BEGIN');
  const asked = `SELECT ai_submit('video', '{"prompt": "a film after office hours"}') AS handle`;
  const { rows } = await client.query(asked);
  await operator.query(trigger);
  const before = complaints();
  await client.query('COMMIT');
  await expect.poll(() => complaints() > before).toBe(true);
  await operator.query('DROP FUNCTION refuses CASCADE');
  const made = await client.query("SELECT ai_wait($1, '20 s') AS film", [rows[0].handle]);
  expect(made.rows[0].film).toContain(cloud.submits('after office hours')[0]?.taskId);
});

test('room in budgets that was kept for a statement is given back when the engine takes that', async () => {
  await operator.query(
    trigger.replace('UPDATE ON hologen_internal.job', 'DELETE ON hologen_internal.reserved'),
  );
  const many = "SELECT ai_gen('qwen_plus', 'text ' || i) FROM generate_series(1, 600) AS i";
  await expect(client.query(many)).rejects.toThrow('failed unexpectedly');
  await operator.query('DROP FUNCTION refuses CASCADE');
  const kept = async () => (await operator.query('SELECT FROM hologen_internal.reserved')).rowCount;
  await expect.poll(kept, { timeout: 10_000 }).toBe(0);
});
