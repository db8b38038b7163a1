/** hg_* and optimizer_* settings over the wire, as Hologres' own client and people at psql use them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';
import { connectRaw, type Frame, frame, login, row, types } from './raw-client.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

/** Runs statements in one new session; the value of the first column of the last one's row. */
async function last(...statements: string[]): Promise<unknown> {
  const client = await gateway.client();
  let value: unknown;
  for (const statement of statements) {
    const { rows, fields } = await client.query(statement);
    value = rows[0]?.[fields[0]?.name ?? ''];
  }
  await client.end();
  return value;
}

describe('SET and SHOW', () => {
  test('the set-up that Hologres’ client sends works in its order', async () => {
    const shown = await last(
      'SET hg_experimental_enable_adaptive_execution = on',
      "SET hg_computing_resource = 'serverless'",
      'SET default_transaction_read_only = ON',
      'SHOW hg_computing_resource',
    );
    expect(shown).toBe('serverless');
  });

  test.each([
    ['SET hg_x = on', 'SHOW hg_x', 'on'],
    ['SET SESSION hg_x TO 42', 'SHOW hg_x', '42'],
    ["SET hg_x = '漢字 🎨'", 'SHOW hg_x', '漢字 🎨'],
    ["SET hg_x = 'hg_y'", 'SHOW hg_x', 'hg_y'],
    ['SET "hg_x" = quoted', 'SHOW "hg_x"', 'quoted'],
    ['SET HG_X = upper', 'SHOW hg_x', 'upper'],
    ['SET optimizer_join_order = query', 'SHOW optimizer_join_order', 'query'],
    ['/* hg_x */ SET /* hg_x */ hg_x = 1 -- hg_x', '/* hg_x */ SHOW hg_x -- why', '1'],
    ["SET hg_x = 1; SET hg_y = 2; SELECT 'SET hg_x = 3'", 'SHOW hg_x', '1'],
  ])('%s; %s', async (set, show, value) => {
    const client = await gateway.client();
    await client.query(set);
    expect((await client.query({ text: show, rowMode: 'array' })).rows).toEqual([[value]]);
    await client.end();
  });

  test.each([
    ['SHOW hg_never_set', 'hg_never_set'],
    ['SHOW "hg_never_set"', 'hg_never_set'],
    ['SHOW "optimizer_force_multistage_agg"', 'optimizer_force_multistage_agg'],
    ['SHOW HG_Never_Set', 'hg_never_set'],
  ])('%s is one empty text named %s', async (show, column) => {
    const client = await gateway.client();
    const { rows, fields } = await client.query(show);
    expect(rows).toEqual([{ [column]: '' }]);
    expect(fields.map(({ name, dataTypeID }) => [name, dataTypeID])).toEqual([[column, 25]]);
    await client.end();
  });

  test('TO DEFAULT and RESET empty it again', async () => {
    expect(await last('SET hg_x = 1', 'SET hg_x TO DEFAULT', 'SHOW hg_x')).toBe('');
    expect(await last('SET hg_x = 1', 'RESET hg_x', 'SHOW hg_x')).toBe('');
    expect(await last('SET hg_x = 1', 'RESET "hg_x"', 'SHOW hg_x')).toBe('');
    expect(await last('SET hg_x = 1', 'RESET ALL', 'SHOW hg_x')).toBe('');
    expect(await last('RESET hg_unheard_of', 'SHOW hg_unheard_of')).toBe('');
  });

  test('SET LOCAL ends with its transaction, and a rollback takes SET back', async () => {
    expect(await last('BEGIN', 'SET LOCAL hg_x = 1', 'SHOW hg_x')).toBe('1');
    expect(await last('BEGIN', 'SET LOCAL hg_x = 1', 'COMMIT', 'SHOW hg_x')).toBe('');
    expect(await last('SET hg_x = 1', 'BEGIN', 'SET hg_x = 2', 'ROLLBACK', 'SHOW hg_x')).toBe('1');
  });

  test('is the session’s own', async () => {
    const [one, other] = await Promise.all([gateway.client(), gateway.client()]);
    await one.query('SET hg_x = mine');
    expect((await other.query('SHOW hg_x')).rows).toEqual([{ hg_x: '' }]);
    await Promise.all([one.end(), other.end()]);
  });

  test('as prepared statements too', async () => {
    const client = await gateway.client();
    await client.query({ name: 'set', text: 'SET hg_x = 7' });
    for (let round = 1; round <= 2; round += 1) {
      const { rows } = await client.query({ name: 'show', text: 'SHOW hg_x' });
      expect(rows).toEqual([{ hg_x: '7' }]);
    }
    await client.end();
  });

  test('the tags of SET, RESET and ALTER are the engine’s', async () => {
    const client = await gateway.client();
    const tags = [];
    for (const text of ['SET hg_x = 1', 'RESET hg_x', 'ALTER ROLE hologen RESET hg_x']) {
      tags.push((await client.query(text)).command);
    }
    expect(tags).toEqual(['SET', 'RESET', 'ALTER']);
    await client.end();
  });
});

describe('per database and per role', () => {
  test('ALTER DATABASE … SET holds for new sessions, RESET ends it', async () => {
    expect(await last(`ALTER DATABASE "hologen" SET "hg_kept" = 'v'`, 'SHOW hg_kept')).toBe('');
    expect(await last('SHOW "hg_kept"')).toBe('v');
    expect(await last('SET hg_kept = mine', 'RESET hg_kept', 'SHOW hg_kept')).toBe('v');
    await last('ALTER DATABASE "hologen" RESET "hg_kept"');
    expect(await last('SHOW hg_kept')).toBe('');
  });

  test('also in a database that is called like the setting', async () => {
    await last('CREATE DATABASE hg_namesake');
    await last('ALTER DATABASE hg_namesake SET hg_namesake = on');
    const client = await gateway.client({
      connectionString: gateway.url.replace(/\/hologen$/, '/hg_namesake'),
    });
    expect((await client.query('SHOW hg_namesake')).rows).toEqual([{ hg_namesake: 'on' }]);
    await client.end();
  });

  test('ALTER ROLE … SET holds for that role, and in one database where it says so', async () => {
    await last("CREATE ROLE painter LOGIN PASSWORD 'p'", 'ALTER ROLE painter SET hg_kept = brush');
    await last('ALTER ROLE painter IN DATABASE hologen SET optimizer_kept TO 3');
    const painter = await gateway.client({
      user: 'painter',
      password: 'p',
      connectionString: undefined,
      ...address(),
    });
    expect((await painter.query('SHOW hg_kept')).rows).toEqual([{ hg_kept: 'brush' }]);
    expect((await painter.query('SHOW optimizer_kept')).rows).toEqual([{ optimizer_kept: '3' }]);
    await painter.end();
    expect(await last('SHOW hg_kept')).toBe('');
  });
});

function address() {
  const { hostname, port } = new URL(gateway.url);
  return { host: hostname, port: Number(port), database: 'hologen' };
}

test.each(['-c hg_x=on', '-chg_x=on', '--hg_x=on', '-c geqo=off -c hg_x=on -c optimizer_y=2'])(
  'startup options %s',
  async (options) => {
    const client = await gateway.client({ options });
    expect((await client.query('SHOW hg_x')).rows).toEqual([{ hg_x: 'on' }]);
    await client.end();
  },
);

describe('from inside of other statements', () => {
  test.each([
    ["SELECT set_config('hg_x', 'v', false)"],
    ['DO $$ BEGIN SET hg_x = v; END $$'],
    ["DO $$ BEGIN PERFORM set_config('hg_x', 'v', false); END $$"],
    ["DO $$ BEGIN EXECUTE 'SELECT 1'; IF true THEN SET SESSION hg_x TO 'v'; END IF; END $$"],
    ["CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql AS $$ BEGIN SET hg_x = 'v'; END $$", 'CALL pg_temp.p()'],
    ["CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE sql AS $$ SET hg_x = 'v' $$", 'SELECT pg_temp.f()'],
  ])('%s', async (...texts) => {
    expect(await last(...texts, 'SHOW hg_x')).toBe('v');
    expect(await last(...texts, "SELECT current_setting('hg_x')")).toBe('v');
  });

  test('the SET clause of a function holds while it runs', async () => {
    const make = `CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE plpgsql SET hg_x = inside
      AS $$ BEGIN RETURN current_setting('hg_x'); END $$`;
    expect(await last(make, 'SELECT pg_temp.f()')).toBe('inside');
    expect(await last(make, 'ALTER FUNCTION pg_temp.f() SET hg_x = other', 'SELECT pg_temp.f()')).toBe(
      'other',
    );
    expect(await last('SET hg_x = outside', make, 'SELECT pg_temp.f()', 'SHOW hg_x')).toBe('outside');
  });

  test('ALTER SYSTEM holds for new sessions once the configuration is read again', async () => {
    const client = await gateway.client();
    await client.query("ALTER SYSTEM SET hg_system_wide = 'v'");
    await client.query('SELECT pg_reload_conf()');
    await expect.poll(() => last('SHOW hg_system_wide')).toBe('v');
    await client.query('ALTER SYSTEM RESET hg_system_wide');
    await client.query('SELECT pg_reload_conf()');
    await client.end();
  });

  test('one that was never set is unknown to current_setting, by the name it was asked for', async () => {
    const client = await gateway.client();
    expect(await refusal(client.query("SELECT current_setting('hg_never_set')"))).toMatchObject({
      code: '42704',
      message: 'unrecognized configuration parameter "hg_never_set"',
    });
    expect((await client.query("SELECT current_setting('hg_never_set', true)")).rows).toEqual([
      { current_setting: null },
    ]);
    await client.end();
  });
});

describe('errors stay the engine’s', () => {
  test.each([
    ['SET no_such_setting = 1', '42704'],
    ['SHOW no_such_setting', '42704'],
    ['SHOW hgx', '42704'],
    ['SET my_hg_x = 1', '42704'],
    ['RESET optimizer', '42704'],
    ["ALTER DATABASE hologen SET unknown_thing = 'hg_x'", '42704'],
    ['SELECT hg_x', '42703'],
    ['SELECT * FROM hg_table', '42P01'],
    ['SET hg_x', '42601'],
  ])('%s is %s', async (statement, code) => {
    const client = await gateway.client();
    expect(await refusal(client.query(statement))).toMatchObject({ code });
    await client.end();
  });

  test.each([
    ["SET hg_x = '✓'; SELECT 1, nothing", 'nothing'],
    ['/* hg_x */ RESET hg_x; SELECT nothing', 'nothing'],
    ['ALTER DATABASE hologen RESET hg_x; SELECT * FROM nowhere', 'nowhere'],
    ['SELECT hg_column', 'hg_column'],
  ])('the position of the error in %s is that of "%s"', async (text, word) => {
    const client = await gateway.client();
    const error = await refusal(client.query(text));
    expect(Number(error.position)).toBe(text.indexOf(word) + 1);
    await client.end();
  });
});

test('texts that only mention such names are what they were', async () => {
  const client = await gateway.client();
  const text =
    'SELECT \'SET hg_x = 1; SHOW hg_x\' AS hg_x, $$ SHOW optimizer_y $$ AS "SHOW hg_x" -- SET hg_x';
  expect((await client.query(text)).rows).toEqual([
    { hg_x: 'SET hg_x = 1; SHOW hg_x', 'SHOW hg_x': ' SHOW optimizer_y ' },
  ]);
  await client.query('CREATE TEMP TABLE hg_table (optimizer_column int)');
  await client.query('INSERT INTO hg_table VALUES (1)');
  expect((await client.query('SELECT optimizer_column FROM hg_table')).rows).toEqual([
    { optimizer_column: 1 },
  ]);
  await client.end();
});

test('a text in another client encoding keeps its bytes', async () => {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url, { parameters: { client_encoding: 'LATIN1' } });
  const inLatin1 = (text: string) => frame('Q', Buffer.from(`${text}\0`, 'latin1'));
  client.write(inLatin1("SET hg_x = 'fiancé'; SELECT 'ça', length('ça')"), inLatin1('SHOW hg_x'));
  const first = await client.until('Z');
  expect(types(first)).toBe('C T D C Z');
  expect((first[2] as Frame).body.subarray(6, 8)).toEqual(Buffer.from('ça', 'latin1'));
  expect(row(first[2] as Frame)[1]).toBe('2');
  const shown = (await client.until('Z'))[1] as Frame;
  expect(shown.body.subarray(6)).toEqual(Buffer.from('fiancé', 'latin1'));
  client.close();
});

test('SHOW of such a name has the tag SHOW, its neighbours have theirs, and errors behind it keep their position', async () => {
  const client = await gateway.client();
  const results = (await client.query('SHOW hg_tagged; SELECT 1; SHOW hg_other')) as unknown as {
    command: string;
  }[];
  expect(results.map((result) => result.command)).toEqual(['SHOW', 'SELECT', 'SHOW']);
  expect((await client.query({ text: 'SHOW hg_tagged', values: [] })).command).toBe('SHOW');
  expect((await client.query('SHOW server_version')).command).toBe('SHOW');
  const { position } = await refusal(client.query('SHOW hg_tagged; SELECT nothing'));
  expect(position).toBe('24');
});
