/** The console's door: who comes in, what a session may do, what is refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WhoAmI } from '../../src/console/server/answers.js';
import { createSignInPace } from '../../src/console/server/sign-in-pace.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { askToSignIn, ownerOf, signIn } from './visitor.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query(`CREATE ROLE painter LOGIN PASSWORD 'blue';
    CREATE ROLE keeper LOGIN PASSWORD 'green'; GRANT hologen TO keeper;
    CREATE ROLE sleeper PASSWORD 'grey';`);
});
afterAll(() => gateway?.close());

test('role and password of the engine open a session; members of the owner role are told apart', async () => {
  const owner = await signIn(gateway);
  expect(owner.who).toMatchObject({ role: 'hologen', administers: true, database: 'hologen' });
  expect((await signIn(gateway, { role: 'keeper', password: 'green' })).who.administers).toBe(true);
  const painter = await signIn(gateway, { role: 'painter', password: 'blue' });
  expect(painter.who.administers).toBe(false);
  expect((await painter.get<WhoAmI>('/api/session')).content).toEqual(painter.who);
});

test('the cookie is random, out of reach of scripts and of other sites', async () => {
  const [one, two] = await Promise.all([1, 2].map(() => askToSignIn(gateway, ownerOf(gateway))));
  const cookies = [one, two].map((answer) => answer?.headers.getSetCookie()[0] ?? '');
  for (const cookie of cookies) {
    expect(cookie).toMatch(/^hologen_console_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  }
  expect(cookies[0]).not.toBe(cookies[1]);
});

test.each([
  ['a wrong password', { role: 'painter', password: 'red' }],
  ['a role that does not exist', { role: 'nobody-here', password: 'red' }],
  ['a role that may not log in', { role: 'sleeper', password: 'grey' }],
])('%s is refused in the same words', async (_, account) => {
  const { status, headers, content } = await askToSignIn(gateway, account);
  expect([status, content]).toEqual([
    401,
    { problem: { message: 'role or password is wrong, or the role may not sign in' } },
  ]);
  expect(headers.getSetCookie()).toEqual([]);
});

test.each([
  ['without a password', { role: 'painter' }, {}, 400],
  ['with a password that is no text', { role: 'painter', password: { a: 1 } }, {}, 400],
  ['from another site', { role: 'painter', password: 'blue' }, { origin: 'https://example.com' }, 403],
  ['from nowhere', { role: 'painter', password: 'blue' }, { origin: 'null' }, 403],
  ['as a form', { role: 'painter', password: 'blue' }, { 'content-type': 'text/plain' }, 415],
])('a sign-in %s is refused', async (_, account, headers, status) => {
  expect((await askToSignIn(gateway, account, headers)).status).toBe(status);
});

test('nothing is told without a session', async () => {
  for (const path of ['gallery', 'choices', 'job', 'now', 'models', 'money', 'run']) {
    const response = await fetch(new URL(`/api/${path}`, gateway.console), {
      headers: { cookie: 'hologen_console_1=abc' },
    });
    expect([path, response.status]).toEqual([path, 401]);
  }
  const media = '/media/73ba3b75-59bc-4591-872a-9c165902478e/0?until=9999999999&form=whole&sig=abc';
  expect((await fetch(new URL(media, gateway.console))).status).toBe(401);
});

test('a change needs the token of the session and the page’s own origin', async () => {
  const visitor = await signIn(gateway);
  const change = (headers: Record<string, string>) =>
    visitor.post('/api/models/remove', { name: 'qwen_image' }, headers);
  expect((await change({ 'x-csrf-token': '' })).status).toBe(403);
  expect((await change({ 'x-csrf-token': 'a'.repeat(43) })).status).toBe(403);
  expect((await change({ origin: 'http://localhost:1' })).status).toBe(403);
  expect((await change({})).status).toBe(200);
});

test('signing out ends the session for whoever holds the cookie', async () => {
  const visitor = await signIn(gateway);
  expect((await visitor.get('/api/models')).status).toBe(200);
  const out = await visitor.post('/api/sign-out');
  expect(out.headers.getSetCookie()[0]).toMatch(/=; .*Max-Age=0/);
  expect((await visitor.get('/api/models')).status).toBe(401);
});

test('a session ends when its role loses the right to log in', async () => {
  const owner = await gateway.client();
  await owner.query("CREATE ROLE guest LOGIN PASSWORD 'once'");
  const visitor = await signIn(gateway, { role: 'guest', password: 'once' });
  await owner.query('ALTER ROLE guest NOLOGIN');
  await owner.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guest'");
  // A broken connection may be told once; then the engine refuses a new one.
  await expect.poll(async () => (await visitor.get('/api/models')).status).toBe(401);
  await owner.query('ALTER ROLE guest LOGIN');
  expect((await visitor.get('/api/models')).status).toBe(401);
});

test('whoever does not own hologen changes nothing, also not in Try', async () => {
  const painter = await signIn(gateway, { role: 'painter', password: 'blue' });
  const model = { name: 'mine', type: 'qwen-image', task: 'image-generation' };
  const deployed = await painter.post<{ problem: { sqlstate: string } }>('/api/models/deploy', model);
  expect([deployed.status, deployed.content.problem.sqlstate]).toEqual([403, '25006']);
  const budget = await painter.post<{ problem: unknown }>('/api/budgets/set', {
    role: 'painter',
    callsPerDay: 5,
  });
  expect(budget.status).toBe(403);
  const statements = [
    'CREATE TABLE mine (a int)',
    "SELECT set_config('transaction_read_only', 'off', false)",
    "DO $$ BEGIN SET TRANSACTION READ WRITE; EXECUTE 'CREATE TABLE mine (a int)'; END $$",
    'SET default_transaction_read_only = off; CREATE TABLE mine (a int)',
  ];
  for (const statement of statements) {
    const { content: run } = await painter.post<{ id: string }>('/api/run', { statement });
    await expect
      .poll(async () => (await painter.get<{ state: string }>(`/api/run?id=${run.id}`)).content.state, {
        timeout: 20_000,
      })
      .toBe('failed');
  }
});

test('one statement at a time is tried in a session', async () => {
  const visitor = await signIn(gateway);
  const first = await visitor.post<{ id: string }>('/api/run', { statement: 'SELECT pg_sleep(600)' });
  const second = await visitor.post<{ problem: { message: string } }>('/api/run', { statement: 'SELECT 1' });
  expect([second.status, second.content.problem.message]).toEqual([
    409,
    expect.stringContaining('still running'),
  ]);
  const state = async () =>
    (await visitor.get<{ state: string }>(`/api/run?id=${first.content.id}`)).content.state;
  await visitor.post('/api/run/cancel', first.content);
  await expect.poll(state).toBe('failed');
  expect((await visitor.post('/api/run', { statement: 'SELECT 1' })).status).toBe(200);
});

test('a body that is too long or no JSON is refused', async () => {
  const visitor = await signIn(gateway);
  expect((await visitor.post('/api/estimate', { statement: 'x'.repeat(300_000) })).status).toBe(413);
  const { origin } = new URL(gateway.console);
  const headers = { origin, 'content-type': 'application/json', 'x-csrf-token': visitor.who.csrfToken };
  const broken = await visitor.fetch('/api/estimate', { method: 'POST', headers, body: '{' });
  expect(broken.status).toBe(400);
});

const from = (address: string, role = 'painter', knownBrowser?: string) => ({
  role,
  from: address,
  knownBrowser,
});

test('guessing is slowed down, and forgotten later', () => {
  let now = 0;
  const pace = createSignInPace(() => now);
  const attempt = from('10.0.0.1');
  for (let count = 0; count < 4; count += 1) {
    expect(pace.waitMs(attempt)).toBe(0);
    pace.failed(attempt);
  }
  expect(pace.waitMs(attempt)).toBe(1_000);
  now += 1_000;
  expect(pace.waitMs(attempt)).toBe(0);
  pace.failed(attempt);
  expect(pace.waitMs(attempt)).toBe(2_000);
  for (let count = 0; count < 20; count += 1) pace.failed(attempt);
  expect(pace.waitMs(attempt)).toBe(60_000);
  pace.succeeded(attempt);
  expect(pace.waitMs(attempt)).toBe(0);
  for (let count = 0; count < 4; count += 1) pace.failed(attempt);
  now += 15 * 60_000;
  pace.failed(attempt);
  expect(pace.waitMs(attempt)).toBe(0);
});

test('what the engine could not answer counts for nothing', () => {
  const pace = createSignInPace(() => 0);
  const attempt = from('10.0.0.1');
  for (let count = 0; count < 200; count += 1) {
    expect(pace.waitMs(attempt)).toBe(0);
    pace.failed(attempt);
    pace.undecided(attempt);
  }
});

test('after some wrong passwords the console asks to wait', async () => {
  await using own = await startTestGateway();
  const wrong = { role: 'hologen', password: 'wrong' };
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const answer = await askToSignIn(own, wrong);
    statuses.push(answer.status);
    if (answer.status === 429) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      break;
    }
  }
  expect(statuses.slice(0, 4)).toEqual([401, 401, 401, 401]);
  expect(statuses.at(-1)).toBe(429);
});
