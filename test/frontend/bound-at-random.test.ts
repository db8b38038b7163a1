/**
 * Statements, portals and errors in random order, over views and functions that make calls: with the calls at once the answers are those that come
 * when they are made one after another, and nothing else is asked. `HOLOGEN_FUZZ_SEED` repeats a run, `HOLOGEN_CONVERSATIONS` makes it longer.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drivers as stores } from '../../src/storage/drivers.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { createRecordingProvider } from '../rewriter/difference/recording-provider.js';
import { pick, type Random, randomNumbers, seed } from './random-bytes.js';
import {
  bind,
  close,
  execute,
  frame,
  int16,
  int32,
  query,
  type RawClient,
  session,
  sync,
  text,
} from './raw-client.js';

const conversations = Number(process.env.HOLOGEN_CONVERSATIONS ?? 60);

const provider = createRecordingProvider();
let gateway: TestGateway;
let atOnce: RawClient;
let oneByOne: RawClient;

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxLimits: 'off' }, undefined, {
    stores,
    providers: [provider.driver],
  });
  const owner = await gateway.client();
  await owner.query(`
    CALL register_external_model('m', 'qwen-flash', 'bailian', '{"submits_per_second": 1000}', 'chat/completions');
    CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 4);
    CREATE FUNCTION made(x text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('m', x) $$;
    CREATE FUNCTION computed(x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m', 'of ' || x); END $$;
    CREATE VIEW pictures AS SELECT id, ai_gen('m', 'view ' || id) AS r FROM t`);
  [atOnce, oneByOne] = await Promise.all([session(gateway.url), session(gateway.url)]);
  for (const [client, switched] of [
    [atOnce, 'on'],
    [oneByOne, 'off'],
  ] as const)
    await told(
      client,
      query(`SET ai_gen.at_once = ${switched}; SET ai_gen.reuse = off; SET client_min_messages = error`),
    );
});
afterAll(() => {
  atOnce?.close();
  oneByOne?.close();
  return gateway?.close();
});

const texts = [
  'SELECT made($1 || id) FROM t WHERE id < $2 ORDER BY id',
  'SELECT made(id || $1) FROM t WHERE id > $2 ORDER BY id',
  'SELECT r || $1 FROM pictures WHERE id <> $2 ORDER BY id',
  'SELECT computed($1 || id) FROM t WHERE id >= $2 ORDER BY id',
  "SELECT ai_gen('m', 'direct ' || $1 || id) FROM t WHERE id < $2 ORDER BY id",
  "SELECT 1 WHERE $1 <> '' AND $2 > 0",
  'SELECT nothing_here, $1, $2',
];
/** The engine's numbers of types: none given, text and int, text and bigint. */
const givenTypes = [[], [25, 23], [25, 20]];
const statements = ['', '', 's', 'u'];
const portals = ['', '', 'p', 'q'];

function parseAs(name: string, sql: string, given: number[]): Buffer {
  return frame('P', text(name), text(sql), int16(given.length), ...given.map(int32));
}

function message(random: Random): Buffer[] {
  const statement = pick(random, statements);
  const portal = pick(random, portals);
  const prepare = parseAs(statement, pick(random, texts), pick(random, givenTypes));
  const values = [pick(random, ['x ', '007', 'y']), pick(random, ['1', '2', '3', '4', 'bad'])];
  const run = execute(portal, pick(random, [0, 0, 1, 2]));
  const forms = [
    [prepare, bind(portal, statement, values), run],
    [bind(portal, statement, values), run],
    [prepare],
    [bind(portal, statement, values)],
    [run],
    [close('S', statement)],
    [close('P', portal)],
  ];
  return pick(random, forms);
}

/** What is sent before each wait for an answer. */
function conversation(random: Random): Buffer[] {
  const pipes = Array.from({ length: 3 + random(8) }, () => {
    if (random(6) === 0)
      return query(pick(random, ['DEALLOCATE s', 'SELECT 1', 'SELECT r FROM pictures WHERE id < 3']));
    return Buffer.concat([...Array.from({ length: 1 + random(3) }, () => message(random)).flat(), sync]);
  });
  return [query('BEGIN; SAVEPOINT a'), ...pipes, query('ROLLBACK'), query('DEALLOCATE ALL')];
}

async function told(client: RawClient, sent: Buffer): Promise<string> {
  client.write(sent);
  const frames = await client.until('Z');
  const failed = frames.at(-1)?.body.toString() === 'E';
  const answer = frames.map(({ type, body }) => `${type} ${body.toString('latin1')}`).join('\n');
  return failed ? `${answer}\n${await told(client, query('ROLLBACK TO a'))}` : answer;
}

interface Heard {
  answers: string[];
  asked: string[];
}

async function heard(client: RawClient, sent: Buffer[]): Promise<Heard> {
  provider.take();
  const answers: string[] = [];
  for (const each of sent) answers.push(await told(client, each));
  const asked = provider.take().calls;
  return { answers, asked: asked.sort() };
}

test(`${conversations} conversations of random messages, seeds ${seed} and on`, async () => {
  const most: number[] = [];
  for (let each = 0; each < conversations; each += 1) {
    const sent = conversation(randomNumbers(seed + each));
    const wanted = await heard(oneByOne, sent);
    const found = await heard(atOnce, sent);
    // Of statements that are sent together all calls may have been sent, if one fails.
    const isEven = (call: string) =>
      !/direct/.test(call) || !wanted.answers.some((answer) => /^E /m.test(answer));
    const told = ({ answers, asked }: Heard) => ({ seed: seed + each, answers, asked: asked.filter(isEven) });
    expect(told(found)).toEqual(told(wanted));
    most.push(found.asked.length);
  }
  expect(Math.max(...most)).toBeGreaterThan(0);
}, 600_000);
