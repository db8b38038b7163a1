/** CREATE TABLE … WITH (orientation = …): its tag, notices and errors are those of the statement without the properties. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());

const withProperties = 'WITH (orientation = column)';

/** Everything the engine said, and the tags; from an array of texts each is sent as a prepared statement. */
async function outcome(text: string, prepared = false) {
  const notices: unknown[] = [];
  const listen = (notice: object) => notices.push({ ...notice });
  client.on('notice', listen);
  try {
    const results = [await client.query(prepared ? { text, values: [] } : text)].flat();
    return { tags: results.map(({ command }) => command), notices };
  } catch (error) {
    return { error: { ...(error as object), message: (error as Error).message }, notices };
  } finally {
    client.off('notice', listen);
  }
}

test.each([
  ['CREATE TABLE made (a int) ', ''],
  ['CREATE TABLE IF NOT EXISTS made (a int) ', ''],
  ['CREATE TABLE made (a int) ', ''],
  ['CREATE TABLE other (a nosuchtype) ', ''],
  ['SELECT \'🎨\'; CREATE TABLE "ü 🎨" (a int DEFAULT nosuch()) ', '; SELECT 1'],
  ['CREATE TABLE nosuch.other (a int) ', ''],
  ["CREATE TABLE other (a text DEFAULT 'quoted ''twice''', b int CHECK (c > 1)) ", ' TABLESPACE pg_default'],
  ['CREATE TABLE bad_space (a int) ', ' TABLESPACE nosuch'],
  ['SELECT 1; CREATE TABLE second (a int) ', '; SELECT 2; SELECT nosuch'],
])('%s…%s', async (before, behind) => {
  for (const prepared of behind.includes(';') || before.includes(';') ? [false] : [false, true]) {
    const plain = await outcome(before + ' '.repeat(withProperties.length) + behind, prepared);
    await client.query('DROP TABLE IF EXISTS second');
    if (plain.tags && before === 'CREATE TABLE made (a int) ') await client.query('DROP TABLE made');
    const declared = await outcome(before + withProperties + behind, prepared);
    expect(declared).toEqual(plain);
    if (declared.tags && prepared) await client.query('DROP TABLE made');
  }
});

test('a wrong value is told without a word about how it came to be checked', async () => {
  const { error } = await outcome("CREATE TABLE sideways (a int) WITH (orientation = 'sideways')");
  expect(error).toMatchObject({ code: '22023', hint: expect.stringContaining('row') });
  expect(error).not.toHaveProperty('where', expect.anything());
  expect((await refusal(client.query('SELECT * FROM sideways'))).code).toBe('42P01');
});

test('ALTER TABLE … SET has its own tag too, and its errors the same words', async () => {
  await client.query('CREATE TABLE altered (a int)');
  expect(await outcome("ALTER TABLE altered SET (orientation = 'row')")).toEqual({
    tags: ['ALTER'],
    notices: [],
  });
  const { error } = await outcome("ALTER TABLE nosuch SET (orientation = 'row')");
  expect(error).toMatchObject({ code: '42P01', message: 'relation "nosuch" does not exist' });
  expect(error).not.toHaveProperty('where', expect.anything());
});

test('ALTER TABLE IF EXISTS … SET skips what is not there, as it does with a parameter of PostgreSQL', async () => {
  for (const name of ['nosuch', '"No such"', 'public.nosuch']) {
    const [declared, plain] = [
      await outcome(`ALTER TABLE IF EXISTS ${name} SET (orientation = 'row')`),
      await outcome(`ALTER TABLE IF EXISTS ${name} SET (fillfactor = 70)`),
    ];
    const words = ({ notices, ...rest }: typeof plain) => ({
      ...rest,
      notices: notices.map((notice) => (notice as pg.DatabaseError).message),
    });
    expect(words(declared)).toEqual(words(plain));
  }
});

test('the context of an event trigger that a user made stays', async () => {
  await client.query(`CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
    CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN tag IN ('CREATE TABLE') EXECUTE FUNCTION forbid()`);
  const { error } = await outcome(`CREATE TABLE forbidden (a int) ${withProperties}`);
  const plain = await outcome(`CREATE TABLE forbidden (a int)`);
  await client.query('DROP EVENT TRIGGER forbid; DROP FUNCTION forbid()');
  expect(error).toEqual(plain.error);
});
