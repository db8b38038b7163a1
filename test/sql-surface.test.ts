/** ai_gen and to_file wherever SQL allows a function: every overload, every kind of statement, any search_path. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from './gateway.js';
import { runProgram } from './programs.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
afterAll(() => gateway?.close());
beforeEach(() => gateway.forgetRequests());

const file =
  "to_file('oss://bucket/output/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')";
const goldenMan = file.replace('output/', 'path/golden_man.png');
const pictureKeys = ['requestId', 'usage', 'image_urls', 'image_oss_paths'];

/** The only row of a statement. */
async function row(text: string, values: unknown[] = [], asker = client) {
  const { rows } = await asker.query({ text, values, rowMode: 'array' });
  expect(rows).toHaveLength(1);
  return rows[0] ?? [];
}

async function value(text: string, values: unknown[] = []): Promise<string> {
  return (await row(text, values))[0];
}

/** Models and prompts of the calls that reached the provider, in order. */
async function sent(): Promise<string[]> {
  const requests = await gateway.requests();
  return requests.map(({ body }) => {
    const { model, input, messages } = body as Record<string, never>;
    return `${model}: ${promptOf(input ?? { messages })}`;
  });
}

function promptOf(input: {
  prompt?: string;
  messages?: { content: string | { text?: string }[] }[];
}): string {
  const content = input.messages?.[0]?.content;
  if (Array.isArray(content)) return content.map((part) => part.text ?? '').join('');
  return content ?? input.prompt ?? '';
}

test('a prompt alone goes to the default chat model and comes back as plain text', async () => {
  expect(await value("SELECT ai_gen('What is a fox?')")).toMatch(/You asked: What is a fox\?$/);
  expect(await value('SELECT ai_gen($1)', ['What is a fox?'])).toMatch(/You asked: What is a fox\?$/);
  expect(await sent()).toEqual(['qwen-plus: What is a fox?', 'qwen-plus: What is a fox?']);
});

test.each(['json', 'jsonb'])('a request alone may be %s', async (type) => {
  const request = `${type}_build_object('prompt', 'What is a fox?')`;
  expect(await value(`SELECT ai_gen(${request})`)).toMatch(/You asked: What is a fox\?$/);
  const handle = await value(`SELECT ai_submit(${request})`);
  expect(await value('SELECT ai_wait($1)', [handle])).toMatch(/You asked: What is a fox\?$/);
});

test('model and prompt: text for a chat model, JSON for a picture', async () => {
  expect(await value("SELECT ai_gen('qwen_plus', 'hello')")).toMatch(/You asked: hello$/);
  expect(await value('SELECT ai_gen($1, $2)', ['qwen_plus', 'hello'])).toMatch(/You asked: hello$/);
  expect(
    await value(`SELECT ai_gen('qwen_plus', '{"prompt": "hello", "parameters": {"temperature": 0.7}}')`),
  ).toMatch(/You asked: hello$/);
  const picture = await value(`SELECT ai_gen('qwen_image_2_pro', '{"prompt": "a fox"}')`);
  expect(Object.keys(JSON.parse(picture))).toEqual(pictureKeys);
});

test('request and FILE without a model make a picture', async () => {
  const picture = await value(`SELECT ai_gen('{"prompt": "a fox"}', ${file})`);
  expect(Object.keys(JSON.parse(picture))).toEqual(pictureKeys);
  expect(await sent()).toEqual(['qwen-image-2.0-pro: a fox']);
});

test.each(['NULL', 'NULL::file', 'NULL::hologen.file', 'CAST(NULL AS file)', 'ROW(NULL, NULL, NULL)::file'])(
  'the FILE may be %s',
  async (none) => {
    const picture = await value(`SELECT ai_gen('qwen_image_2_pro', '{"prompt": "a fox"}', ${none})`);
    expect(JSON.parse(picture).image_oss_paths).toEqual([]);
  },
);

test('a FILE parameter may be NULL and of unknown type', async () => {
  const values = ['qwen_image_2_pro', '{"prompt": "a fox"}', null];
  expect(JSON.parse(await value('SELECT ai_gen($1, $2, $3)', values)).image_urls).toHaveLength(1);
});

test('varchar, char and name arguments are text enough', async () => {
  const text = `SELECT ai_gen('qwen_plus'::varchar(20), 'hello'::varchar), ai_gen('qwen_plus'::name, 'hello'::char(5))`;
  const answers = await row(text);
  expect(answers.map((answer: string) => answer.split(': ').at(-1))).toEqual(['hello', 'hello']);
});

test('a result is picked apart with JSON operators', async () => {
  const call = `ai_gen('qwen_image_2_pro', '{"prompt": "a fox", "parameters": {"size": "1024*1024"}}')`;
  expect(await value(`SELECT (${call}::json -> 'usage' ->> 'width')::int`)).toBe(1024);
  expect(await value(`SELECT ${call}::jsonb -> 'image_urls' ->> 0`)).toMatch(/^http/);
  expect(await value(`SELECT json_typeof(CAST(${call} AS json) -> 'image_oss_paths')`)).toBe('array');
  expect(await sent()).toHaveLength(3);
});

test('a chain of CTEs makes a picture, then a video of it', async () => {
  const { rows } = await client.query(`
    WITH picture AS (
      SELECT ai_gen('qwen_image_2_pro', json_build_object('prompt', 'a fox', 'output_dir', 'oss://bucket/output/',
        'parameters', json_build_object('size', '1024*1024'))::text, ${file})::json AS made
    ), path AS (
      SELECT made -> 'image_oss_paths' ->> 0 AS oss_path FROM picture
    )
    SELECT oss_path, ai_gen('wan26_i2v', json_build_object('prompt', 'it runs', 'img_url', oss_path,
      'parameters', json_build_object('resolution', '720P', 'duration', 2))::text, ${file})::json -> 'output' AS video
    FROM path`);
  expect(rows).toHaveLength(1);
  expect(rows[0].oss_path).toMatch(/^oss:\/\/bucket\/output\/.*\.png$/);
  expect(rows[0].video).toMatchObject({ task_status: 'SUCCEEDED', orig_prompt: 'it runs' });
  expect(await sent()).toEqual(['qwen-image-2.0-pro: a fox', 'wan2.6-i2v: it runs']);
});

test('INSERT … SELECT and UPDATE make one call a row', async () => {
  await client.query('CREATE TABLE animal (id int PRIMARY KEY, name text, said text)');
  const inserted = await client.query(
    `INSERT INTO animal SELECT i, 'animal ' || i, ai_gen('qwen_plus', 'animal ' || i) FROM generate_series(1, 3) i
     RETURNING said`,
  );
  expect(inserted.rows.map(({ said }) => said.split(': ').at(-1))).toEqual([
    'animal 1',
    'animal 2',
    'animal 3',
  ]);
  const updated = await client.query(
    `UPDATE animal SET said = ai_gen('qwen_plus', 'again ' || name) WHERE id > 1`,
  );
  expect(updated.rowCount).toBe(2);
  expect(await value("SELECT string_agg(split_part(said, ': ', 2), ', ' ORDER BY id) FROM animal")).toBe(
    'animal 1, again animal 2, again animal 3',
  );
  expect((await sent()).toSorted()).toEqual([
    ...['qwen-plus: again animal 2', 'qwen-plus: again animal 3'],
    ...['qwen-plus: animal 1', 'qwen-plus: animal 2', 'qwen-plus: animal 3'],
  ]);
});

test('a view calls when it is read, not when it is made', async () => {
  await client.query("CREATE VIEW question AS SELECT ai_gen('qwen_plus', 'from a view') AS answer");
  expect(await sent()).toEqual([]);
  expect(await value('SELECT answer FROM question')).toMatch(/from a view$/);
  expect(await sent()).toEqual(['qwen-plus: from a view']);
});

test('functions in SQL and PL/pgSQL may call, and procedures', async () => {
  await client.query(`
    CREATE FUNCTION ask(question text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('qwen_plus', question) $$;
    CREATE FUNCTION ask_slowly(question text) RETURNS text LANGUAGE plpgsql AS
      $$ DECLARE answer text; BEGIN answer := ai_gen('qwen_plus', question); RETURN answer; END $$;
    CREATE PROCEDURE ask_and_tell(INOUT answer text) LANGUAGE plpgsql AS
      $$ BEGIN answer := ai_gen('qwen_plus', answer); END $$;`);
  expect(await value("SELECT ask('one')")).toMatch(/one$/);
  expect(await value("SELECT ask_slowly('two')")).toMatch(/two$/);
  expect(await value("CALL ask_and_tell('three')")).toMatch(/three$/);
  expect(await sent()).toEqual(['qwen-plus: one', 'qwen-plus: two', 'qwen-plus: three']);
});

test('a block that goes on behind a time-out has its results, whatever was looked for when it struck', async () => {
  const own = await gateway.client();
  await own.query(`SET statement_timeout = '1s'; CREATE TEMP TABLE asked (r text)`);
  await own.query(`DO $$ BEGIN
    BEGIN
      INSERT INTO asked SELECT ai_gen('qwen_plus', 'slow') FROM generate_series(1, 2) i
        WHERE i = 1 OR (SELECT count(*) FROM generate_series(1, 100000000)) > 0;
    EXCEPTION WHEN query_canceled THEN NULL;
    END;
    INSERT INTO asked SELECT ai_gen('qwen_plus', 'row ' || i) FROM generate_series(1, 2) i;
  END $$`);
  const { rows } = await own.query('SELECT r FROM asked ORDER BY r');
  expect(rows).toEqual([{ r: expect.stringMatching(/row 1$/) }, { r: expect.stringMatching(/row 2$/) }]);
  await own.end();
});

test('a DO block calls in a loop', async () => {
  const notices: string[] = [];
  const own = await gateway.client();
  own.on('notice', ({ message }) => notices.push(message ?? ''));
  await own.query(
    `DO $$ BEGIN FOR i IN 1..2 LOOP RAISE NOTICE '%', ai_gen('qwen_plus', 'turn ' || i); END LOOP; END $$`,
  );
  const [said, why] = [false, true].map((told) =>
    notices.filter((notice) => notice.includes('one after another') === told),
  );
  expect(said?.map((notice) => notice.split(': ').at(-1))).toEqual(['turn 1', 'turn 2']);
  expect(why).toEqual([expect.stringContaining('they stand in a function or a block')]);
  expect(await sent()).toHaveLength(2);
});

test('a caught refusal does not spoil the calls after it', async () => {
  const missing = `ai_gen('qwen_image_edit', '{"prompt": "x", "reference_urls": ["oss://bucket/none.png"]}', ${file})`;
  await client.query(`
    CREATE TABLE outcome (i int, said text);
    DO $$ BEGIN
      BEGIN
        PERFORM ${missing};
      EXCEPTION WHEN undefined_file THEN
        INSERT INTO outcome VALUES (1, SQLERRM);
      END;
      INSERT INTO outcome VALUES (2, ai_gen('qwen_plus', 'go on'));
    END $$;`);
  const { rows } = await client.query('SELECT said FROM outcome ORDER BY i');
  expect(rows.map(({ said }) => said)).toEqual([
    expect.stringContaining('oss://bucket/none.png does not exist'),
    expect.stringMatching(/go on$/),
  ]);
  expect(await sent()).toEqual(['qwen-plus: go on']);
});

test('what was submitted beside a refused call is sent only when it is waited for', async () => {
  const missing = `hologen_caller.submit_call('qwen_image_edit',
    '{"prompt": "x", "reference_urls": ["oss://bucket/none.png"]}', ${file})`;
  await client.query(`
    CREATE TABLE answered (said text);
    DO $$ DECLARE wanted text; unwanted text; refused text; BEGIN
      wanted := hologen_caller.submit_call('qwen_plus', 'wanted', NULL);
      unwanted := hologen_caller.submit_call('qwen_plus', 'unwanted', NULL);
      refused := ${missing};
      BEGIN
        PERFORM hologen_caller.wait_call(wanted);
      EXCEPTION WHEN undefined_file THEN
        INSERT INTO answered VALUES (hologen_caller.wait_call(wanted));
      END;
    END $$;`);
  expect(await value('SELECT said FROM answered')).toMatch(/You asked: wanted$/);
  expect(await sent()).toEqual(['qwen-plus: wanted']);
});

test('a cursor hands out results as they are fetched', async () => {
  await client.query('BEGIN');
  await client.query(
    "DECLARE answers CURSOR FOR SELECT i, ai_gen('qwen_plus', 'row ' || i) AS said FROM generate_series(1, 3) i",
  );
  expect(await sent()).toEqual([]);
  const first = await client.query('FETCH 1 FROM answers');
  expect(first.rows[0].said).toMatch(/row 1$/);
  const rest = await client.query('FETCH ALL FROM answers');
  expect(rest.rows.map(({ i }) => i)).toEqual([2, 3]);
  await client.query('COMMIT');
  expect(await sent()).toHaveLength(3);
});

test('COPY (SELECT ai_gen…) TO STDOUT streams to psql', async () => {
  const text =
    "COPY (SELECT i, ai_gen('qwen_plus', 'copy ' || i) FROM generate_series(1, 2) i) TO STDOUT (FORMAT csv)";
  const { stdout } = await runProgram('psql', ['-X', '-c', text, gateway.url]);
  expect(stdout).toBe('1,[sandbox qwen-plus] You asked: copy 1\n2,[sandbox qwen-plus] You asked: copy 2\n');
  expect(await sent()).toHaveLength(2);
});

test('a prepared SQL statement calls when it is executed', async () => {
  await client.query("PREPARE ask (text) AS SELECT ai_gen('qwen_plus', $1)");
  expect(await sent()).toEqual([]);
  expect(await value("EXECUTE ask('prepared')")).toMatch(/prepared$/);
  expect(await sent()).toEqual(['qwen-plus: prepared']);
});

test('a FILE prints as text and turns into JSON', async () => {
  const parts = {
    oss_path: 'oss://bucket/path/golden_man.png',
    oss_endpoint: 'oss-cn-hangzhou-internal.aliyuncs.com',
    role_arn: 'acs:ram::186xxx:role/xxx',
  };
  const printed = `(${Object.values(parts).join(',')})`;
  expect(await value(`SELECT ${goldenMan}`)).toBe(printed);
  expect(await value(`SELECT ${goldenMan}::text`)).toBe(printed);
  expect(await value(`SELECT to_json(${goldenMan})`)).toEqual(parts);
  expect(await value(`SELECT to_jsonb(${goldenMan})`)).toEqual(parts);
  expect(await value(`SELECT json_build_array(${goldenMan}, 1)`)).toEqual([parts, 1]);
  expect(await value(`SELECT (${goldenMan}).oss_path`)).toBe(parts.oss_path);
  expect(await value(`SELECT pg_typeof(${goldenMan})::text`)).toBe('hologen.file');
});

test('to_file refuses a malformed path and a missing object, and knows NULL', async () => {
  const malformed = await refusal(client.query(`SELECT ${goldenMan.replace('oss://bucket', 's3://bucket')}`));
  expect([malformed.code, malformed.message]).toEqual(['22023', expect.stringContaining('s3://bucket/path')]);
  const missing = await refusal(client.query(`SELECT ${goldenMan.replace('golden', 'silver')}`));
  expect([missing.code, missing.message]).toEqual([
    '58P01',
    expect.stringContaining('oss://bucket/path/silver_man.png'),
  ]);
  expect(
    await value("SELECT to_file(NULL, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx')"),
  ).toBe(null);
});

test('placeholders take FILE arguments as parts of the message', async () => {
  const answer = await value(
    `SELECT ai_gen('qwen_vl_plus', json_build_object('prompt', 'Compare {0} with {1}, {2}.',
       'args', json_build_array(${goldenMan}, ${goldenMan.replace('golden', 'stone')}, 'briefly'))::text)`,
  );
  expect(answer).toMatch(/Media: picture png 1024x1024, \d+ bytes; picture png 1024x1024, \d+ bytes\.$/);
});

test('a column of type file is filled, kept and used', async () => {
  await client.query('CREATE TABLE asset (name text, content file, place hologen.file)');
  await client.query(`INSERT INTO asset VALUES ('golden', ${goldenMan}, ${file}), ('nothing', NULL, NULL)`);
  const { rows } = await client.query(
    `SELECT name, (content).oss_path, ai_gen('qwen_image_edit', json_build_object('prompt', 'polish it',
       'reference_urls', array[(content).oss_path], 'output_dir', (place).oss_path)::text, content)::json AS made
     FROM asset WHERE content IS NOT NULL`,
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].oss_path).toBe('oss://bucket/path/golden_man.png');
  expect(rows[0].made.image_oss_paths).toEqual([expect.stringMatching(/^oss:\/\/bucket\/output\/.*\.png$/)]);
  expect(await sent()).toEqual(['qwen-image-edit-plus: polish it']);
});

test.each(['elsewhere', 'pg_catalog', "''"])('search_path = %s changes nothing', async (path) => {
  const own = await gateway.client();
  await own.query(`CREATE SCHEMA IF NOT EXISTS elsewhere; SET search_path = ${path}`);
  const found = await row(
    `SELECT ai_gen('hello'), ai_gen('qwen_plus', 'hello'), ai_gen('{"prompt": "a fox"}', ${file}),
      ai_gen('qwen_image_2_pro', '{"prompt": "a fox"}', ${file}), hg_version(),
      (SELECT count(*)::int FROM list_external_models() WHERE task = 'video-generation')`,
    [],
    own,
  );
  expect(found.slice(0, 2).map((answer: string) => answer.split(': ').at(-1))).toEqual(['hello', 'hello']);
  expect(found.slice(2, 4).map((answer: string) => Object.keys(JSON.parse(answer)))).toEqual([
    pictureKeys,
    pictureKeys,
  ]);
  expect(found[4]).toMatch(/^Hologres \d/);
  expect(found[5]).toBeGreaterThan(0);
  await own.query(
    `CALL register_external_model('elsewhere', 'qwen-plus', 'bailian', '{"api_key": "sk-x"}', 'chat/completions')`,
  );
  expect((await own.query("SELECT ai_gen('elsewhere', 'hello') AS said")).rows[0].said).toMatch(/hello$/);
  await own.query("CALL delete_external_model('elsewhere')");
});

test('the schema may be named', async () => {
  const text = `SELECT hologen.ai_gen('qwen_image_2_pro', '{"prompt": "a fox"}', hologen.${file})`;
  expect(Object.keys(JSON.parse(await value(text)))).toEqual(pictureKeys);
});
