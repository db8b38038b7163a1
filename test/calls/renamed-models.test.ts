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
