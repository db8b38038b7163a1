/** The gateway is killed while the calls of one statement are out over several keys: each goes on with its own, and is paid for once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelStudio, startModelStudio } from '../../sandbox/model-studio/server.js';
import {
  connect,
  type GatewayProcess,
  newDirectory,
  type OutlivingCloud,
  spawnGateway,
  startOutlivingCloud,
} from './crash-run.js';
import { startSpeaker } from './own-cloud.js';
import { rights } from './statements.js';

type Speaker = Awaited<ReturnType<typeof startSpeaker>>;

let cloud: OutlivingCloud;
let farStudio: ModelStudio;
let [home, far]: Speaker[] = [];
let gateway: GatewayProcess;
let dataDir: string;
let farDirectory: string;
const speakers = () => [home, far] as [Speaker, Speaker];

/** By name: the secret, and the price of a film of two seconds. */
const keys: Record<string, { secret: string; price: number }> = {
  first: { secret: 'sk-first-0123456789', price: 2 },
  second: { secret: 'sk-second-0123456789', price: 4 },
  abroad: { secret: 'sk-abroad-0123456789', price: 6 },
};
const nameOf = (secret: string | undefined) =>
  Object.keys(keys).find((name) => keys[name]?.secret === secret) ?? 'no key of the pool';
const perSecond = (each: number) => ({ per_second: { '720P': each, '1080P': each } });

beforeAll(async () => {
  const takesLong = { videoMs: 0, pendingMs: 3_000 };
  cloud = await startOutlivingCloud(takesLong);
  farDirectory = await mkdtemp(join(tmpdir(), 'hologen-far-'));
  farStudio = await startModelStudio({ directory: farDirectory, rateLimits: 'off', ...takesLong });
  [home, far] = await Promise.all([startSpeaker(cloud.studio.url), startSpeaker(farStudio.url)]);
  dataDir = await newDirectory();
  gateway = await served();
  const client = await connect(dataDir);
  const pool = Object.entries(keys).map(([name, { secret, price }]) => ({
    name,
    api_key: secret,
    price: perSecond(price / 2),
    ...(name === 'abroad' && { base_url: `${far?.url}/api/v1` }),
  }));
  await client.query(
    "CALL register_external_model('film', 'wan2.6-t2v', 'bailian', $1, 'video-generation')",
    [JSON.stringify({ pool, price: perSecond(1), concurrent_tasks: 2, submits_per_second: 100 })],
  );
  await client.end();
});
afterAll(async () => {
  gateway?.child.kill('SIGTERM');
  await gateway?.ended;
  await Promise.all([home?.close(), far?.close(), farStudio?.close(), cloud?.close()]);
  for (const directory of [dataDir, farDirectory])
    if (directory) await rm(directory, { recursive: true, force: true });
});

async function served(): Promise<GatewayProcess> {
  const started = spawnGateway(dataDir, {
    ...cloud.environment,
    DASHSCOPE_HTTP_BASE_URL: `${home?.url}/api/v1`,
    HOLOGEN_PROVIDER_REGIONS: `${far?.url}/api/v1`,
  });
  if (!(await started.ready)) throw new Error(`the gateway did not start: ${started.printed()}`);
  return started;
}

async function killedAndStarted(): Promise<void> {
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  gateway = await served();
}

interface Job {
  prompt: string;
  state: string;
  key: string;
  task: string | null;
  attempts: number;
  price: number | null;
}

async function jobs(client: pg.Client, word: string): Promise<Job[]> {
  const { rows } = await client.query<Job>(
    `SELECT request ->> 'prompt' AS prompt, state, key_name AS key, task_id AS task, attempts, price::float8
     FROM hologen.jobs WHERE starts_with(request ->> 'prompt', $1) ORDER BY 1`,
    [word],
  );
  return rows;
}

/** Films of two seconds, all in one statement; the prompts are `<word> 1` and so on, `marked` ones with a marker behind. */
async function makeFilms(
  client: pg.Client,
  word: string,
  marked: Record<number, string> = {},
  saved = false,
) {
  const requests = Array.from({ length: 6 }, (_, index) =>
    JSON.stringify({
      prompt: `${word} ${index + 1}${marked[index + 1] ?? ''}`,
      parameters: { size: '1280*720', duration: 2 },
      ...(saved && { output_dir: 'oss://bucket/out/' }),
    }),
  );
  const file = saved ? `to_file('oss://bucket/out/', '${rights.join("', '")}')` : 'NULL';
  const { rows } = await client.query<{ result: string }>(
    `SELECT ai_gen('film', request, ${file}) AS result FROM unnest($1::text[]) AS request`,
    [requests],
  );
  return rows.map(({ result }) => JSON.parse(result).output);
}

/** Prompt -> the key that it was submitted with; a prompt that was submitted twice is an error. */
function submitted(word: string): Record<string, string> {
  const posts = speakers()
    .flatMap((speaker) => speaker.seen())
    .filter(({ method, body }) => method === 'POST' && body?.input?.prompt?.startsWith(word));
  const byPrompt = Object.fromEntries(posts.map(({ body, key }) => [body.input.prompt, nameOf(key)]));
  expect(Object.keys(byPrompt)).toHaveLength(posts.length);
  return byPrompt;
}

/** Task -> the keys that it was asked about with, since so many requests had been seen at each address. */
function askedSince(counts: number[]): Map<string, Set<string>> {
  const asked = new Map<string, Set<string>>();
  for (const [index, speaker] of speakers().entries())
    for (const { method, path, key } of speaker.seen().slice(counts[index])) {
      const task = /^\/api\/v1\/tasks\/([^/?]+)$/.exec(path)?.[1];
      if (method === 'GET' && task) asked.set(task, (asked.get(task) ?? new Set()).add(nameOf(key)));
    }
  return asked;
}

/** Every call has ended well, once, with the key that it was submitted with, at that key's price, in both views of the ledger. */
async function expectPaidOnce(client: pg.Client, word: string): Promise<Job[]> {
  const made = await jobs(client, word);
  const sentWith = submitted(word);
  expect(Object.keys(sentWith)).toHaveLength(6);
  expect(made).toEqual(
    Object.entries(sentWith)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([prompt, key]) => ({
        ...{ prompt, state: 'succeeded', key, attempts: 1, price: keys[key]?.price },
        task: expect.any(String),
      })),
  );
  const { rows } = await client.query(
    `SELECT u.key_name AS key, u.outcome, u.price::float8 FROM hologen.usage u JOIN hologen.jobs j USING (job_id)
     WHERE starts_with(j.request ->> 'prompt', $1) AND u.outcome <> 'reused' ORDER BY j.request ->> 'prompt'`,
    [word],
  );
  expect(rows).toEqual(made.map(({ key, price }) => ({ key, outcome: 'succeeded', price })));
  return made;
}

test('a statement whose calls are out over three keys is killed: each is followed, and looked for, with its own key, and paid for once', async () => {
  const client = await connect(dataDir);
  // The answer to one submit is lost, and nobody says what has become of it before the kill.
  for (const speaker of speakers()) speaker.script('list wan2.6-t2v', ...Array<'reset'>(1000).fill('reset'));
  const marked = { 3: ' [[sandbox:drop]]' };
  const lost = makeFilms(client, 'boat', marked).catch(() => {});
  const looker = await connect(dataDir);
  await expect
    .poll(async () => (await jobs(looker, 'boat')).filter(({ task }) => task !== null).length)
    .toBe(5);
  await looker.end();
  expect(Object.values(submitted('boat')).sort()).toEqual([
    ...['abroad', 'abroad', 'first', 'first', 'second', 'second'],
  ]);
  for (const speaker of speakers()) speaker.script('list wan2.6-t2v');
  const before = speakers().map((speaker) => speaker.seen().length);
  await killedAndStarted();
  await lost;

  const next = await connect(dataDir);
  const films = await makeFilms(next, 'boat', marked);
  expect(films.map(({ task_status }) => task_status)).toEqual(Array(6).fill('SUCCEEDED'));
  const made = await expectPaidOnce(next, 'boat');
  expect(made.map(({ task }) => task).sort()).toEqual(films.map(({ task_id }) => task_id).sort());
  const asked = askedSince(before);
  for (const { task, key } of made) expect([...(asked.get(String(task)) ?? [])]).toEqual([key]);
  await next.end();
});

test('what was made and not yet saved at a kill is asked for again with the key that made it, and billed no second time', async () => {
  cloud.store.faults.add({
    answer: 'unavailable',
    times: 1e9,
    when: ({ operation }) => operation === 'PutObject',
  });
  const client = await connect(dataDir);
  const lost = makeFilms(client, 'train', {}, true).catch(() => {});
  const looker = await connect(dataDir);
  const saving = async () => (await jobs(looker, 'train')).filter(({ state }) => state === 'saving').length;
  await expect.poll(saving).toBe(6);
  await looker.end();
  const before = speakers().map((speaker) => speaker.seen().length);
  await killedAndStarted();
  await lost;
  cloud.store.faults.clear();

  const next = await connect(dataDir);
  const films = await makeFilms(next, 'train', {}, true);
  const made = await expectPaidOnce(next, 'train');
  expect(new Set(made.map(({ key }) => key))).toEqual(new Set(Object.keys(keys)));
  const asked = askedSince(before);
  for (const { task, key } of made) expect([...(asked.get(String(task)) ?? [])]).toEqual([key]);
  const saved = films.map(({ video_oss_path }) => video_oss_path.replace('oss://bucket/', ''));
  expect((await cloud.store.list('bucket', 'out/')).sort()).toEqual(saved.sort());
  await next.end();
});
