/** Priorities and deadlines: who goes before whom at a model that takes one call at a time, by the provider's own record. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let dataDir: string;
let gateway: TestGateway;
let owner: pg.Client;
let amy: pg.Client;
let bob: pg.Client;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'hologen-urgency-'));
  gateway = await startTestGateway({ dataDir });
  owner = await gateway.client();
  for (const role of ['amy', 'bob']) await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
  await owner.query(
    `CALL register_external_model('one_by_one', 'wan2.6-t2v', 'bailian', '{"concurrent_tasks": 1}', 'video-generation')`,
  );
  amy = await gateway.clientOf('amy');
  bob = await gateway.clientOf('bob');
  // The limits of all names of its type are known from now on, and how long it takes.
  await queued();
  await owner.query(film('first'));
});
beforeEach(async () => {
  for (const client of [owner, amy, bob]) await client.query('RESET ai_gen.priority; RESET ai_gen.by');
  await gateway.forgetRequests();
});
afterAll(async () => {
  await gateway?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const film = (prompt: string, how = 'gen') =>
  `SELECT ai_${how}('one_by_one', '{"prompt": "${prompt}"}') AS made`;
const made = async () =>
  (await gateway.requests()).map(({ body }) =>
    (body as { input: { prompt: string } }).input.prompt.replace(/ \[\[.*/, ''),
  );
const queued = async () => {
  const { rows } = await owner.query(
    "SELECT sum(queued)::int AS n FROM hologen.queues WHERE model_type = 'wan2.6-t2v'",
  );
  return rows[0].n;
};
/** In this order, while nothing is made; then they are. */
async function asked(...calls: [client: pg.Client, prompt: string, setting?: string][]): Promise<void> {
  await owner.query("CALL pause_model('one_by_one')");
  for (const [index, [client, prompt, setting]] of calls.entries()) {
    await client.query(`RESET ai_gen.priority; RESET ai_gen.by; ${setting ? `SET ${setting}` : ''}`);
    await client.query(film(prompt, 'submit'));
    await expect.poll(queued).toBe(index + 1);
  }
}
const resume = () => owner.query("CALL resume_model('one_by_one')");

test('low gives way to everybody, high goes before one’s own, and an administrator’s before all', async () => {
  await asked(
    [amy, 'amy low', "ai_gen.priority = 'low'"],
    [amy, 'amy 1'],
    [amy, 'amy high', "ai_gen.priority = 'high'"],
    [bob, 'bob 1'],
    [bob, 'bob 2'],
    [owner, 'owner'],
    [owner, 'owner high', "ai_gen.priority = 'high'"],
  );
  await resume();
  const order = ['owner high', 'amy high', 'bob 1', 'owner', 'amy 1', 'bob 2', 'amy low'];
  await expect.poll(made, { timeout: 20_000 }).toEqual(order);
  const { rows } = await owner.query(
    'SELECT priority, count(*)::int AS jobs FROM hologen.jobs WHERE priority IS NOT NULL GROUP BY 1 ORDER BY 1',
  );
  expect(rows).toEqual([
    { priority: 'high', jobs: 2 },
    { priority: 'low', jobs: 1 },
  ]);
});

test('a call that is wanted by a time gives way until it must go, and at once where nobody waits', async () => {
  await amy.query("SET ai_gen.by = '1h'");
  await amy.query(film('nobody waits'));
  expect(await made()).toEqual(['nobody waits']);
  await gateway.forgetRequests();

  await asked(
    [amy, 'in an hour', "ai_gen.by = '1h'"],
    [amy, 'low', "ai_gen.priority = 'low'"],
    // There is no time to lose: it stands as the others do.
    [amy, 'soon', "ai_gen.by = '1s'"],
    [bob, 'bob 1'],
    [bob, 'bob 2'],
  );
  const { rows: seen } = await owner.query(
    "SELECT queued, giving_way FROM hologen.queues WHERE model_type = 'wan2.6-t2v' AND queued > 0",
  );
  expect(seen).toEqual([{ queued: '5', giving_way: '2' }]);
  await amy.query("SET ai_gen.by = '1h'");
  const { rows: told } = await amy.query(
    `SELECT about > '59 min' AND about <= '1h' AS until FROM ai_estimate($$${film('what if')}$$)`,
  );
  expect(told).toEqual([{ until: true }]);
  await resume();
  await expect.poll(made, { timeout: 20_000 }).toEqual(['soon', 'bob 1', 'bob 2', 'in an hour', 'low']);
  const { rows } = await amy.query(
    'SELECT DISTINCT wanted_by > submitted_at AS later FROM hologen.jobs WHERE wanted_by IS NOT NULL',
  );
  expect(rows).toEqual([{ later: true }]);
});

test('whoever waits behind others because of ai_gen.by is told of it, until when, and what ends it', async () => {
  await asked([bob, 'bob first'], [bob, 'bob next']);
  await amy.query("SET TimeZone = 'UTC'; SET ai_gen.by = '06:00'");
  const told: string[] = [];
  const hear = ({ message = '' }) => void told.push(message);
  amy.on('notice', hear);
  const waits = amy.query(film('may wait'));
  const seen = () =>
    owner.query(
      `SELECT giving_way::int AS calls, to_char(wanted_by AT TIME ZONE 'UTC', 'HH24:MI') AS by, giving_way_until < wanted_by AS sooner
       FROM hologen.progress WHERE role_name = 'amy'`,
    );
  await expect.poll(async () => (await seen()).rows).toEqual([{ calls: 1, by: '06:00', sooner: true }]);
  await expect
    .poll(() => told.join('\n'), { timeout: 20_000 })
    .toMatch(
      /1 give way, .*go behind 2 of others, until \S+ \S+ UTC at the latest \(ai_gen\.by: to be over by \S+ 06:00:00 UTC\); .* cancel the statement, RESET ai_gen\.by and run it again/,
    );
  await resume();
  await waits;
  expect((await made()).at(-1)).toBe('may wait');
  // Where nobody waits there is nothing to tell of.
  told.length = 0;
  await amy.query(film('alone'));
  expect(told.join('\n')).not.toContain('give way');
  amy.off('notice', hear);
  await amy.query('RESET TimeZone');
});

test('a time of day is the next one in the session’s time zone; what is no time is refused', async () => {
  await amy.query("SET TimeZone = 'Asia/Shanghai'; SET ai_gen.by = '06:00'");
  await amy.query(film('by six'));
  const { rows } = await amy.query(
    `SELECT to_char(wanted_by, 'HH24:MI') AS by, wanted_by - submitted_at <= interval '1 day' AS next
     FROM hologen.jobs WHERE request ->> 'prompt' = 'by six'`,
  );
  expect(rows).toEqual([{ by: '06:00', next: true }]);
  await amy.query("SET ai_gen.by = 'soon'");
  const refused = await refusal(amy.query(film('never')));
  expect([refused.code, refused.message, refused.hint]).toEqual([
    '22023',
    expect.stringMatching(/ai_gen\.by .*"soon"/),
    expect.stringContaining("SET ai_gen.by = '06:00'"),
  ]);
  await amy.query("RESET ai_gen.by; SET ai_gen.priority = 'urgent'");
  expect((await refusal(amy.query(film('never')))).code).toBe('22023');
  await amy.query('RESET TimeZone');
});

test('how calls stand holds over a restart', async () => {
  await owner.query("CALL pause_model('one_by_one')");
  for (const [client, prompt, priority] of [
    [amy, 'late', 'low'],
    [amy, 'then', 'normal'],
    [amy, 'early', 'high'],
  ] as const) {
    await client.query(`SET ai_gen.priority = '${priority}'`);
    await client.query(film(prompt, 'submit'));
  }
  await gateway.close();
  gateway = await startTestGateway({ dataDir });
  owner = await gateway.client();
  await expect.poll(queued).toBe(3);
  await owner.query("CALL resume_model('one_by_one')");
  await expect.poll(made, { timeout: 20_000 }).toEqual(['early', 'then', 'late']);
});
