/** A place that is said once, names of files, labels, and hologen.outputs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadImage } from '@napi-rs/canvas';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from './gateway.js';

const endpoint = 'oss-cn-hangzhou-internal.aliyuncs.com';
const role = 'acs:ram::186xxx:role/xxx';
const file = `to_file('oss://demo/', '${endpoint}', '${role}')`;

let gateway: TestGateway;
let owner: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`CALL set_place('shop', 'oss://demo/shop/', '${endpoint}', '${role}');
    CREATE ROLE amy LOGIN PASSWORD 'secret'`);
});
afterAll(() => gateway?.close());

/** A session that has said its place. */
async function shopOf(user?: string): Promise<pg.Client> {
  const client = user ? await gateway.clientOf(user) : await gateway.client();
  await client.query("SET ai_gen.place = 'shop'");
  return client;
}

const isThere = (ossPath: string) =>
  existsSync(join(gateway.dataDir, 'sandbox', 'oss', ossPath.slice('oss://'.length)));

test('with a place a plain text makes a picture and saves it', async () => {
  const amy = await shopOf('amy');
  const { rows } = await amy.query(
    "SELECT ai_gen('qwen_image_2', 'a red kettle')::json #>> '{image_oss_paths,0}' AS path",
  );
  expect(rows[0].path).toMatch(/^oss:\/\/demo\/shop\/.+\.png$/);
  expect(isThere(rows[0].path)).toBe(true);
  const [sent] = await gateway.requests();
  expect(JSON.stringify(sent?.body)).toContain('a red kettle');
  expect(JSON.stringify(sent?.body)).not.toContain('output_dir');
});

test('with a place image_generate saves there, too', async () => {
  const amy = await shopOf('amy');
  const { rows } = await amy.query(
    `SELECT image_generate('{"prompt": "a red kettle", "size": "1024*1024"}') ->> 'image_oss_path' AS path`,
  );
  expect(rows[0].path).toMatch(/^oss:\/\/demo\/shop\/.+\.png$/);
  expect(isThere(rows[0].path)).toBe(true);
});

test('with a place a plain text makes a film, and one between two frames gets a name', async () => {
  const amy = await shopOf('amy');
  const path = "::json #>> '{output,video_oss_path}' AS path";
  const film = await amy.query(`SELECT ai_gen('wan26_t2v', 'steam rises')${path}`);
  expect(film.rows[0].path).toMatch(/^oss:\/\/demo\/shop\/.+\.mp4$/);
  const request = `{"prompt": "a frame", "parameters": {"size": "1024*1024"}}`;
  const frame = `(SELECT ai_gen('qwen_image_2', '${request}')::json #>> '{image_oss_paths,0}')`;
  const between = await amy.query(
    `WITH frame AS MATERIALIZED (SELECT ${frame} AS path)
     SELECT ai_gen('wan22_kf2v_flash', json_build_object('prompt', 'turns', 'first_frame_url', path, 'last_frame_url', path))${path} FROM frame`,
  );
  expect(between.rows[0].path).toMatch(/^oss:\/\/demo\/shop\/[^/]+\.mp4$/);
});

test('texts are made as without a place, and a call with a FILE of its own keeps it', async () => {
  const amy = await shopOf('amy');
  const { rows } = await amy.query(
    `SELECT ai_gen('qwen_plus', 'say hello') AS text,
       ai_gen('qwen_image_2', json_build_object('prompt', 'elsewhere', 'output_dir', 'oss://demo/own/'), ${file})::json #>> '{image_oss_paths,0}' AS path`,
  );
  expect(rows[0].text).toContain('hello');
  expect(rows[0].path).toMatch(/^oss:\/\/demo\/own\//);
});

test('files are named by the keys of the label, which is never sent, and both are in the ledger', async () => {
  const amy = await shopOf('amy');
  await gateway.forgetRequests();
  const { rows } = await amy.query(
    `SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'a cup', 'label', json_build_object('sku', sku),
        'name', '{sku}-{i}', 'parameters', json_build_object('n', 2, 'size', '1024*1536')))::json -> 'image_oss_paths' AS paths
     FROM (VALUES ('A-17'), ('B/9')) AS product (sku) ORDER BY sku`,
  );
  expect(rows.map((row) => row.paths)).toEqual([
    ['oss://demo/shop/A-17-1.png', 'oss://demo/shop/A-17-2.png'],
    ['oss://demo/shop/B-9-1.png', 'oss://demo/shop/B-9-2.png'],
  ]);
  expect(JSON.stringify(await gateway.requests())).not.toMatch(/A-17|sku/);
  const made = await amy.query(
    `SELECT kind, bytes > 0 AS full, width, height, seconds, label, prompt, model_name, price, content_type, etag = fl_get_etag(to_file(oss_path, $1, $2)) AS unchanged FROM hologen.outputs
     WHERE oss_path = 'oss://demo/shop/A-17-2.png' AND made_at > now() - interval '1 day'`,
    [endpoint, role],
  );
  const { rows: jobs } = await amy.query("SELECT price, label FROM hologen.jobs WHERE label ~ 'A-17'");
  expect(made.rows).toEqual([
    {
      ...{ kind: 'picture', full: true, width: 1024, height: 1536, seconds: null, label: '{"sku":"A-17"}' },
      ...{ prompt: 'a cup', model_name: 'qwen_image_2', price: String(Number(jobs[0].price) / 2) },
      ...{ content_type: 'image/png', unchanged: true },
    },
  ]);
});

test('what was not saved is in hologen.outputs with its address, and the tag and the job that it was made by', async () => {
  const amy = await gateway.clientOf('amy');
  await amy.query("SET ai_gen.tag = 'spring'");
  await amy.query("SELECT ai_gen('qwen_image_2', 'an unsaved cup')");
  const { rows } = await amy.query(
    `SELECT o.url, o.oss_path, o.tag, o.made_at = j.finished_at AS at_its_end FROM hologen.outputs o JOIN hologen.jobs j USING (job_id)
     WHERE o.prompt = 'an unsaved cup'`,
  );
  expect(rows).toEqual([
    { url: expect.stringMatching(/^http/), oss_path: null, tag: 'spring', at_its_end: true },
  ]);
  const picture = await fetch(rows[0].url);
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
});

test('a film in hologen.outputs has its seconds, and others see none of it', async () => {
  const amy = await shopOf('amy');
  await amy.query(
    "SELECT ai_gen('wan26_t2v', json_build_object('prompt', 'a lamp', 'label', 'L1', 'parameters', json_build_object('duration', 5)))",
  );
  const seen = "SELECT kind, seconds::int AS seconds FROM hologen.outputs WHERE label = 'L1'";
  expect((await amy.query(seen)).rows).toEqual([{ kind: 'video', seconds: 5 }]);
  await owner.query("CREATE ROLE bob LOGIN PASSWORD 'secret'");
  expect((await (await gateway.clientOf('bob')).query(seen)).rows).toEqual([]);
});

test.each([
  ['an unknown word in braces', "'name', '{sku}'", /only \{i\}, \{request\}, \{model\}/],
  [
    'one name for two pictures',
    "'name', 'cup', 'parameters', json_build_object('n', 2)",
    /\{i\} for 2 pictures/,
  ],
  ['an ending', "'name', 'cup.png'", /without an ending/],
  ['a way out', "'name', '../cup'", /"\.\."/],
  ['a line break', "'name', E'a\\ncup'", /without control characters/],
  ['a backslash, which Windows takes for a way', "'name', E'..\\\\cup'", /a file name/],
  ['a way out that is known later', "'name', '../{request}'", /"\.\."/],
  ['a name longer than a path', "'name', repeat('c', 1100)", /at most 1023 bytes/],
  ['a label that is a list', "'label', ARRAY[1]", /label/],
])('%s is refused before anything is sent', async (_, fields, message) => {
  const amy = await shopOf('amy');
  await gateway.forgetRequests();
  const error = await refusal(
    amy.query(`SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'a cup', ${fields}))`),
  );
  expect([error.code, error.message]).toEqual(['22023', expect.stringMatching(message)]);
  expect(await gateway.requests()).toEqual([]);
});

test.each([
  [
    'two prompts',
    "SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'cup ' || n, 'name', 'same')) FROM generate_series(1, 2) n",
  ],
  [
    'two models',
    `SELECT ai_gen(m, '{"prompt": "a cup", "name": "same"}') FROM (VALUES ('qwen_image_2'), ('wan26_t2i')) v (m)`,
  ],
  [
    'one request, which is to be made each time',
    `SELECT ai_gen('qwen_image_2', '{"prompt": "a cup", "name": "same"}') FROM generate_series(1, 2)`,
  ],
  [
    'calls of ai_submit',
    "SELECT ai_submit('qwen_image_2', json_build_object('prompt', 'cup ' || n, 'name', 'same')) FROM generate_series(1, 2) n",
  ],
  [
    'films that name their whole file',
    `SELECT ai_gen('wan22_kf2v_flash', json_build_object('prompt', 'turn ' || n, 'first_frame_url', path, 'last_frame_url', path, 'output_dir', 'oss://demo/shop/same.mp4'), ${file})
     FROM generate_series(1, 2) n, (VALUES ('oss://demo/shop/A-17-1.png')) v (path)`,
  ],
])('calls of a statement that would save one file are refused: %s', async (_, text) => {
  const amy = await shopOf('amy');
  await gateway.forgetRequests();
  const error = await refusal(amy.query(text));
  expect([error.code, error.message]).toEqual(['22023', expect.stringContaining('oss://demo/shop/same')]);
  expect(await gateway.requests()).toEqual([]);
});

test('a loop may ask for the same again when it has been made', async () => {
  const amy = await shopOf('amy');
  await amy.query(
    `DO $$ BEGIN FOR n IN 1..2 LOOP PERFORM ai_gen('qwen_image_2', '{"prompt": "again", "name": "again"}'); END LOOP; END $$`,
  );
});

test('one request that is to be made once may say a name several times', async () => {
  const amy = await shopOf('amy');
  await amy.query("SET ai_gen.reuse = 'on'");
  const { rows } = await amy.query(
    `SELECT ai_gen('qwen_image_2', '{"prompt": "one cup", "name": "once"}')::json #>> '{image_oss_paths,0}' AS path FROM generate_series(1, 3)`,
  );
  expect(rows).toEqual(Array(3).fill({ path: 'oss://demo/shop/once.png' }));
});

test('what was given up and ends late takes the place of no later file', async () => {
  const amy = await shopOf('amy');
  const wish = (prompt: string) => JSON.stringify({ prompt, name: 'late' });
  await amy.query("SET statement_timeout = '300ms'");
  await refusal(amy.query("SELECT ai_gen('qwen_image_2', $1)", [wish('wrong [[sandbox:slow=1500]]')]));
  await amy.query('SET statement_timeout = 0');
  await amy.query("SELECT ai_gen('qwen_image_2', $1)", [wish('right')]);
  const saved = async () =>
    (
      await amy.query(
        `SELECT o.oss_path, o.etag = fl_get_etag(to_file(o.oss_path, $1, $2)) AS unchanged FROM hologen.outputs o
         WHERE prompt ~ '^(wrong|right)' ORDER BY made_at`,
        [endpoint, role],
      )
    ).rows;
  await expect.poll(saved, { timeout: 10_000 }).toHaveLength(2);
  expect(await saved()).toEqual([
    { oss_path: 'oss://demo/shop/late.png', unchanged: true },
    { oss_path: expect.stringMatching(/^oss:\/\/demo\/shop\/[\w-]{20,}\.png$/), unchanged: true },
  ]);
});

test('an earlier result whose file another one has taken the place of is made again', async () => {
  const amy = await shopOf('amy');
  await amy.query("SET ai_gen.reuse = 'on'");
  const made = (prompt: string) =>
    amy.query('SELECT ai_gen($1, $2)', ['qwen_image_2', JSON.stringify({ prompt, name: 'replaced' })]);
  await made('the first wording');
  await made('the first wording');
  await made('the second wording');
  await gateway.forgetRequests();
  await made('the first wording');
  expect(await gateway.requests()).toHaveLength(1);
});

test('an unknown place is told with those that there are', async () => {
  const client = await gateway.client();
  await client.query("SET ai_gen.place = 'shopp'");
  const error = await refusal(client.query("SELECT ai_gen('qwen_image_2', 'a cup')"));
  expect([error.code, error.hint]).toEqual(['42704', expect.stringContaining('shop')]);
});

test('administrators set, replace and remove places; others use them', async () => {
  const amy = await gateway.clientOf('amy');
  const set = (path: string) => `CALL set_place('other', '${path}', '${endpoint}', '${role}')`;
  expect((await refusal(amy.query(set('oss://demo/mine/')))).code).toBe('42501');
  expect((await refusal(owner.query(set('oss://demo/mine')))).code).toBe('22023');
  await owner.query(set('oss://demo/one/'));
  await owner.query(set('oss://demo/two/'));
  const { rows } = await amy.query("SELECT oss_path FROM hologen.places WHERE place_name = 'other'");
  expect(rows).toEqual([{ oss_path: 'oss://demo/two/' }]);
  await owner.query("CALL remove_place('other')");
  expect((await refusal(owner.query("CALL remove_place('other')"))).code).toBe('42704');
});

test('file_url signs a smaller picture in another form, and a frame of a video', async () => {
  const amy = await shopOf('amy');
  const { rows } = await amy.query(
    `SELECT kind, file_url(oss_path, interval '5 min', CASE kind WHEN 'video' THEN 'video/snapshot,t_0,f_jpg,w_200'
       ELSE 'image/resize,w_100/format,webp' END) AS url
     FROM (SELECT DISTINCT ON (kind) kind, oss_path FROM hologen.outputs WHERE label IN ('L1', '{"sku":"A-17"}')) AS o ORDER BY kind`,
  );
  const seen = await Promise.all(
    rows.map(async ({ kind, url }) => {
      const answer = await fetch(url);
      const { width } = await loadImage(Buffer.from(await answer.arrayBuffer()));
      return [kind, answer.status, answer.headers.get('content-type'), width];
    }),
  );
  expect(seen).toEqual([
    ['picture', 200, 'image/webp', 100],
    ['video', 200, 'image/jpeg', 200],
  ]);
  // What is signed is this form alone.
  expect((await fetch(rows[0].url.replace('w_100', 'w_900'))).status).toBe(403);
  const error = await refusal(
    amy.query("SELECT file_url('oss://demo/x.png', interval '1 min', 'image/resize,w_1|sys/saveas,o_eA')"),
  );
  expect([error.code, error.message]).toEqual(['22023', expect.stringContaining('process')]);
});
