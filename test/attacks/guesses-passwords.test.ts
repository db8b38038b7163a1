/** Attack: a stranger guesses passwords at the console's door, or only makes others wait there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSignInPace } from '../../src/console/server/sign-in-pace.js';
import { askToSignIn, signIn } from '../console/visitor.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query(
    "CREATE ROLE alice LOGIN PASSWORD 'secret'; CREATE ROLE bob LOGIN PASSWORD 'secret'; CREATE ROLE mallory LOGIN PASSWORD 'secret'",
  );
});
afterAll(() => gateway?.close());

const account = (role: string, password = 'secret') => ({ role, password });
const guess = async (role: string, headers?: Record<string, string>) =>
  (await askToSignIn(gateway, account(role, 'a guess'), headers)).status;

/** Until it has to wait. */
async function guessOn(role: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) if ((await guess(role)) === 429) return;
  throw new Error('nobody asked to wait');
}

test('behind the proxy that everybody comes through: other roles sign in as before', async () => {
  await guessOn('nobody');
  await guessOn('bob');
  expect((await askToSignIn(gateway, account('alice'))).status).toBe(200);
});

test('the role itself signs in with a browser that it has signed in with before, and only with that', async () => {
  const known = async (role: string) => {
    const { headers } = await askToSignIn(gateway, account(role));
    return { cookie: headers.getSetCookie()[1]?.split(';')[0] ?? '' };
  };
  const [ofAlice, ofMallory] = [await known('alice'), await known('mallory')];
  await guessOn('alice');
  const asAlice = async (headers: Record<string, string>) =>
    (await askToSignIn(gateway, account('alice'), headers)).status;
  expect(await asAlice({})).toBe(429);
  expect(await asAlice(ofMallory)).toBe(429);
  expect(await asAlice({ cookie: ofAlice.cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) })).toBe(
    429,
  );
  expect(await asAlice(ofAlice)).toBe(200);
  // It is no password: who took it away guesses as slowly as anybody.
  const statuses: number[] = [];
  for (let tries = 0; tries < 9; tries++) statuses.push(await guess('alice', ofAlice));
  expect(statuses).toContain(429);
  expect((await signIn(gateway, account('mallory'))).who.role).toBe('mallory');
});

const attempt = (role: string, from: string, knownBrowser?: string) => ({ role, from, knownBrowser });

test('many roles from one address are slowed down, and one sign-in of the guesser’s own does not mend that', () => {
  const pace = createSignInPace(() => 0);
  let guesses = 0;
  while (guesses < 1_000 && pace.waitMs(attempt(`role ${guesses}`, '10.0.0.1')) === 0) {
    pace.failed(attempt(`role ${guesses++}`, '10.0.0.1'));
    pace.failed(attempt('mallory', '10.0.0.1'));
    pace.succeeded(attempt('mallory', '10.0.0.1'));
  }
  expect(guesses).toBe(100);
  for (; guesses < 200; guesses++) pace.failed(attempt(`role ${guesses}`, '10.0.0.1'));
  expect(pace.waitMs(attempt('alice', '10.0.0.1'))).toBe(8_000);
  expect(pace.waitMs(attempt('alice', '10.0.0.1', 'known'))).toBe(0);
  expect(pace.waitMs(attempt('alice', '10.0.0.2'))).toBe(0);
});

test('one role from many addresses is slowed down, and not for long', () => {
  const pace = createSignInPace(() => 0);
  let guesses = 0;
  while (guesses < 1_000 && pace.waitMs(attempt('alice', `10.0.0.${guesses}`)) === 0)
    pace.failed(attempt('alice', `10.0.0.${guesses++}`));
  expect(guesses).toBe(50);
  for (; guesses < 200; guesses++) pace.failed(attempt('alice', `10.0.0.${guesses}`));
  expect(pace.waitMs(attempt('alice', '10.0.1.1'))).toBe(8_000);
  expect(pace.waitMs(attempt('alice', '10.0.1.1', 'known'))).toBe(0);
  expect(pace.waitMs(attempt('bob', '10.0.1.1'))).toBe(0);
});

test('the addresses of one IPv6 network are one', () => {
  const pace = createSignInPace(() => 0);
  const networks = ['2001:db8::1', '2001:db8:0:0:5::7', '2001:db8:0:0:1:2:3:4', '2001:db8::ffff:0:1'];
  for (const from of networks) pace.failed(attempt('alice', from));
  expect(pace.waitMs(attempt('alice', '2001:db8::2'))).toBe(1_000);
  expect(pace.waitMs(attempt('alice', '2001:db8:0:1::2'))).toBe(0);
  for (let tries = 0; tries < 4; tries++) pace.failed(attempt('alice', '::ffff:10.0.0.1'));
  expect(pace.waitMs(attempt('alice', '10.0.0.1'))).toBe(1_000);
  expect(pace.waitMs(attempt('alice', '::ffff:10.0.0.2'))).toBe(0);
});
