/** A model is removed and another one deployed under its name between the check of a call and its job: after a kill it is still the first one's. */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';

let cloud: OutlivingCloud;
let dataDir: string;
let gateway: GatewayProcess;

async function serve(): Promise<void> {
  gateway = spawnGateway(dataDir, {
    ...cloud.environment,
    HOLOGEN_LOOK_MS: '100',
    HOLOGEN_LOG_LEVEL: 'error',
  });
  expect(await gateway.ready, gateway.printed()).toBe(true);
}

beforeAll(async () => {
  cloud = await startOutlivingCloud({ videoMs: 1_000 });
  dataDir = await newDirectory();
  await serve();
});
afterAll(async () => {
  gateway.child.kill('SIGTERM');
  await gateway.ended;
  await cloud.close();
  await rm(dataDir, { recursive: true, force: true });
});

test('a film is followed by the gateway that comes after a kill, with the model that it was sent with', async () => {
  const [client, operator, deployer] = await Promise.all([1, 2, 3].map(() => connect(dataDir)));
  if (!client || !operator || !deployer) throw new Error('three clients');
  const deploy = (type: string, task: string) =>
    deployer.query("CALL register_external_model('some', $1, 'bailian', '{}', $2)", [type, task]);
  await deploy('wan2.6-t2v', 'video-generation');
  await operator.query('CALL set_budget(NULL, NULL, 100, NULL)');
  await operator.query('BEGIN');
  await operator.query('SELECT FROM hologen_internal.budget FOR UPDATE');
  const film = `SELECT ai_gen('some', '{"prompt": "a film of the first"}') AS made`;
  const cut = client.query(film).catch((error: Error) => error);
  const opening =
    "SELECT FROM pg_stat_activity WHERE query ~ 'hologen_internal.open_jobs' AND wait_event_type = 'Lock'";
  await expect.poll(async () => (await deployer.query(opening)).rowCount).toBe(1);
  await deployer.query("CALL delete_external_model('some')");
  await deploy('qwen-plus', 'chat/completions');
  await operator.query('COMMIT');
  await expect.poll(() => cloud.submits('the first').filter(({ taskId }) => taskId)).toHaveLength(1);
  const taskKnown = 'SELECT FROM hologen.jobs WHERE task_id IS NOT NULL';
  await expect.poll(async () => (await deployer.query(taskKnown)).rowCount).toBe(1);
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  await cut;
  await serve();
  const next = await connect(dataDir);
  const job = async () => (await next.query('SELECT state, price > 0 AS priced FROM hologen.jobs')).rows;
  await expect.poll(async () => (await job())[0].state).toMatch(/succeeded|unanswered|failed/);
  expect(await job()).toEqual([{ state: 'succeeded', priced: true }]);
  await next.end();
});

test('what waits for a paused model is made with it, however long ago that was removed and its name given to another one', async () => {
  const client = await connect(dataDir);
  const deploy = (name: string, type: string, by = client) =>
    by.query("CALL register_external_model($1, $2, 'bailian', '{}', 'image-generation')", [name, type]);
  await deploy('patient', 'qwen-image-2.0');
  await deploy('other', 'qwen-image-2.0');
  await client.query("CALL pause_model('patient')");
  await client.query("SELECT ai_submit('patient', 'a picture of the first')");
  await client.query("CALL delete_external_model('patient')");
  for (const time of [
    'removed_models SET removed_at',
    'removed_models SET deployed_at',
    'job SET submitted_at',
    'job SET model_deployed_at',
  ]) {
    const column = time.split(' ').at(-1);
    await client.query(
      `UPDATE hologen_internal.${time} = ${column} - interval '3 days' WHERE model_name = 'patient'`,
    );
  }
  await client.query("CALL delete_external_model('other')");
  await deploy('patient', 'qwen-image-max');
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  await serve();
  const next = await connect(dataDir);
  await deploy('again', 'qwen-image-2.0', next);
  await next.query("CALL resume_model('again')");
  const states = async () =>
    (await next.query("SELECT state FROM hologen.jobs WHERE model_name = 'patient'")).rows;
  await expect.poll(states).toEqual([{ state: 'succeeded' }]);
  expect(
    cloud.submits('a picture of the first').map(({ body }) => (body as { model: string }).model),
  ).toEqual(['qwen-image-2.0']);
  await next.end();
});
