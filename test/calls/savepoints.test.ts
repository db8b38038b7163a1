/** What is undone within a transaction that commits: by ROLLBACK TO, or by a block that catches. Its results are for the next identical call. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
  await client.query('CREATE TABLE made (made text)');
});
beforeEach(() => gateway.forgetRequests());
afterAll(() => gateway?.close());

const picture = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}') AS made`;
const write = async (prompt: string, by = client) =>
  (await by.query(`INSERT INTO made ${picture(prompt)} RETURNING made`)).rows[0].made as string;
const submit = async (prompt: string) =>
  (await client.query(`SELECT ai_submit('qwen_image_2', '{"prompt": "${prompt}"}') AS handle`)).rows[0]
    .handle;
const stateOf = async (handle: string) => {
  await client.query('SELECT ai_wait($1)', [handle]).catch(() => {});
  return (await client.query('SELECT ai_status($1) AS state', [handle])).rows[0].state;
};
const fail = () => refusal(client.query('SELECT 1 / 0'));

test('what ROLLBACK TO undid is there for the next identical call, what stands before and after it is delivered', async () => {
  await client.query('BEGIN');
  const before = await write('before');
  await client.query('SAVEPOINT here');
  const undone = await write('undone');
  await client.query('ROLLBACK TO here');
  const after = await write('after');
  await client.query('COMMIT');
  expect(await write('undone')).toBe(undone);
  expect(await write('before')).not.toBe(before);
  expect(await write('after')).not.toBe(after);
});

test('so it is where an error stood before ROLLBACK TO', async () => {
  await client.query('BEGIN');
  const before = await write('before an error');
  await client.query('SAVEPOINT here');
  const undone = await write('undone by an error');
  await fail();
  await client.query('ROLLBACK TO SAVEPOINT here');
  const after = await write('after an error');
  await client.query('COMMIT');
  expect(await write('undone by an error')).toBe(undone);
  expect(await write('before an error')).not.toBe(before);
  expect(await write('after an error')).not.toBe(after);
});

test('of savepoints within savepoints nothing is lost', async () => {
  await client.query('BEGIN; SAVEPOINT one');
  const undone = await write('in the first');
  await client.query('SAVEPOINT two');
  await client.query('SAVEPOINT three; RELEASE three');
  const inner = await write('in the second');
  await client.query('ROLLBACK TO one');
  await client.query('RELEASE one');
  const kept = await write('released');
  await client.query('SAVEPOINT four');
  await client.query('ROLLBACK TO four; COMMIT');
  expect([await write('in the first'), await write('in the second')]).toEqual([undone, inner]);
  // It may be taken again: the gateway does not count by names. It must not be lost.
  expect(kept).toBeTruthy();
});

test('what a client has read is delivered, though it rolls back to a savepoint', async () => {
  await client.query('BEGIN; SAVEPOINT here');
  const read = (await client.query(picture('read'))).rows[0].made;
  await client.query('ROLLBACK TO here');
  await client.query('COMMIT');
  expect((await client.query(picture('read'))).rows[0].made).not.toBe(read);
});

test('a transaction that ends with ROLLBACK leaves what stood before its savepoint, too', async () => {
  await client.query('BEGIN');
  const before = await write('nothing stays');
  await client.query('SAVEPOINT here');
  await fail();
  await client.query('ROLLBACK');
  expect(await write('nothing stays')).toBe(before);
});

test.each([
  'ROLLBACK AND CHAIN',
  'rollback /* all */ transaction and\nchain',
  'ROLLBACK; BEGIN',
  'SELECT 1; ROLLBACK; START TRANSACTION',
])('%s undoes what stood before a savepoint, too', async (text) => {
  // What a session has said of chains is remembered for as long as it lives.
  const own = await gateway.client();
  await own.query('BEGIN');
  const before = await write(`lost by ${Buffer.from(text).toString('hex')}`, own);
  await own.query('SAVEPOINT here');
  await own.query(text);
  const after = await write(`after ${Buffer.from(text).toString('hex')}`, own);
  await own.query('COMMIT');
  expect(await write(`lost by ${Buffer.from(text).toString('hex')}`)).toBe(before);
  expect(after).toBeTruthy();
});

test('ai_submit before a savepoint and after ROLLBACK TO is made, what was undone is not', async () => {
  await client.query('BEGIN');
  const before = await submit('submitted before');
  await client.query('SAVEPOINT here');
  const undone = await submit('submitted and undone');
  await fail();
  await client.query('ROLLBACK TO here');
  const after = await submit('submitted after');
  await client.query('COMMIT');
  expect(await stateOf(before)).toBe('succeeded');
  expect(await stateOf(after)).toBe('succeeded');
  expect(await stateOf(undone)).toBe('cancelled');
  expect(await gateway.requests()).toHaveLength(2);
});

const submitIn = (body: string) => `DO $do$ DECLARE handle text; BEGIN ${body} END $do$`;
const keep = (prompt: string) =>
  `handle := ai_submit('qwen_image_2', '{"prompt": "${prompt}"}'); INSERT INTO handles VALUES ('${prompt}', handle);`;
const note = (prompt: string) =>
  `handle := ai_submit('qwen_image_2', '{"prompt": "${prompt}"}'); RAISE NOTICE 'handle %', handle;`;

test('ai_submit that a block or a procedure has undone is not made, what stands around it is', async () => {
  const own = await gateway.client();
  const told: string[] = [];
  own.on('notice', ({ message = '' }) => message.startsWith('handle ') && told.push(message.slice(7)));
  await own.query('CREATE TABLE handles (prompt text, handle text)');
  await own.query(
    submitIn(`${keep('before the block')}
    BEGIN ${note('undone by an exception')} PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;
    BEGIN ${keep('in a block that ended well')} EXCEPTION WHEN division_by_zero THEN NULL; END;
    BEGIN
      BEGIN ${note('inside of one that is undone')} EXCEPTION WHEN division_by_zero THEN NULL; END;
      ${note('after it')} PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN NULL; END;
    ${keep('after the blocks')}`),
  );
  await own.query(
    submitIn(
      `${note('rolled back')} ROLLBACK; ${keep('committed')} COMMIT; ${note('rolled back again')} ROLLBACK;`,
    ),
  );
  expect(told).toHaveLength(5);
  for (const handle of told) expect(await stateOf(handle)).toBe('cancelled');
  const { rows } = await own.query('SELECT prompt, handle FROM handles ORDER BY prompt');
  expect(rows.map(({ prompt }) => prompt)).toEqual([
    'after the blocks',
    'before the block',
    'committed',
    'in a block that ended well',
  ]);
  for (const { handle } of rows) expect(await stateOf(handle)).toBe('succeeded');
  expect(await gateway.requests()).toHaveLength(4);
});

test('ai_submit that was committed before an error of the same text is made, also in a read-only session', async () => {
  const own = await gateway.client();
  let handle = '';
  own.on('notice', ({ message = '' }) => {
    handle = message.replace('handle ', '');
  });
  await refusal(own.query(`BEGIN; ${submitIn(note('committed first'))}; COMMIT; SELECT 1 / 0`));
  expect(await stateOf(handle)).toBe('succeeded');
  await own.query('SET default_transaction_read_only = on');
  await own.query(submitIn(note('only read')));
  expect(await stateOf(handle)).toBe('succeeded');
  await own.query(
    submitIn(
      `BEGIN ${note('only read and undone')} PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;`,
    ),
  );
  expect(await stateOf(handle)).toBe('cancelled');
});

/** Its wait is cancelled and the cancel caught; the block goes on until the result is there, and commits. */
const catching = (prompt: string) => `
  SET statement_timeout = '300ms';
  DO $$ BEGIN
    BEGIN
      PERFORM ai_gen('qwen_image_2', '{"prompt": "${prompt} [[sandbox:slow=900]]"}');
    EXCEPTION WHEN query_canceled THEN NULL;
    END;
    WHILE NOT EXISTS (SELECT FROM hologen.jobs WHERE request ->> 'prompt' LIKE '${prompt} %' AND state = 'succeeded') LOOP
      PERFORM pg_sleep(0.02);
    END LOOP;
    PERFORM pg_sleep(0.2);
  END $$`;

test.each(['the same session', 'another session'])(
  'a result that came after its wait was cancelled and the cancel caught is for the next identical call of %s',
  async (whose) => {
    const first = await gateway.client();
    await first.query(catching(whose));
    if (whose === 'another session') await first.end();
    const next = whose === 'another session' ? client : first;
    await next.query('SET statement_timeout = 0');
    const state = async () =>
      (
        await client.query(
          "SELECT claimed_at IS NULL AS unclaimed FROM hologen.jobs WHERE request ->> 'prompt' LIKE $1",
          [`${whose} %`],
        )
      ).rows;
    if (whose === 'another session') await expect.poll(state).toEqual([{ unclaimed: true }]);
    await next.query(picture(`${whose} [[sandbox:slow=900]]`));
    expect(await gateway.requests()).toHaveLength(1);
  },
);
