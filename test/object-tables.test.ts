/** Object tables: Hologres' statements for them as any client sends them, what a refresh finds, and one statement over a directory's files. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { putObject, rights } from './calls/statements.js';
import { refusal, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let client: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  client = await gateway.client();
});
beforeEach(() => client.query('DROP TABLE IF EXISTS pictures; RESET ALL'));
afterAll(() => gateway?.close());

const options = (path: string) =>
  `path = '${path}', oss_endpoint = '${rights[0]}', role_arn = '${rights[1]}'`;
const create = (path: string, name = 'pictures') => `CREATE OBJECT TABLE ${name} WITH (${options(path)})`;
const put = (path: string, content: string) => putObject(gateway.dataDir, path, Buffer.from(content));
const remove = (path: string) =>
  rm(join(gateway.dataDir, 'sandbox', 'oss', path.replace('oss://', '')), { recursive: true });

/** The names of the objects that are in a table, without what all have in common. */
async function namesIn(table = 'pictures', prefix = /^oss:\/\/bucket\/[^/]+\//): Promise<string[]> {
  const { rows } = await client.query(`SELECT object_uri FROM ${table} ORDER BY object_uri`);
  return rows.map(({ object_uri }) => object_uri.replace(prefix, ''));
}

async function refresh(table = 'pictures'): Promise<string> {
  const notices: string[] = [];
  const listen = ({ message = '' }) => notices.push(message);
  client.on('notice', listen);
  await client.query(`REFRESH OBJECT TABLE ${table}`);
  client.off('notice', listen);
  return notices.join();
}

describe('a refresh', () => {
  test('finds new, changed and deleted objects, and writes no row that is as it was', async () => {
    for (const name of ['a.png', 'b.png', 'c.png']) await put(`oss://bucket/found/${name}`, name);
    await client.query(create('oss://bucket/found/'));
    expect(await namesIn()).toEqual([]);
    expect(await refresh()).toBe('public.pictures: 3 objects, of which 3 are new and 0 changed; 0 deleted');
    const { rows } = await client.query("SELECT *, xmin FROM pictures WHERE object_uri LIKE '%/a.png'");
    expect(rows).toEqual([
      {
        object_uri: 'oss://bucket/found/a.png',
        etag: expect.stringMatching(/^[0-9A-F]{32}$/),
        file: `(oss://bucket/found/a.png,${rights.join(',')})`,
        metadata: { size: 5, content_type: 'image/png', last_modified: expect.stringMatching(/^20.*Z$/) },
        xmin: expect.anything(),
      },
    ]);
    await put('oss://bucket/found/b.png', 'another content');
    await put('oss://bucket/found/d.png', 'd');
    await remove('oss://bucket/found/c.png');
    expect(await refresh()).toBe('public.pictures: 3 objects, of which 1 are new and 1 changed; 1 deleted');
    expect(await namesIn()).toEqual(['a.png', 'b.png', 'd.png']);
    const after = await client.query("SELECT *, xmin FROM pictures WHERE object_uri LIKE '%/a.png'");
    expect(after.rows).toEqual(rows);
    expect(
      (await client.query("SELECT metadata ->> 'size' AS size FROM pictures WHERE object_uri LIKE '%/b.png'"))
        .rows,
    ).toEqual([{ size: '15' }]);
  });

  test('finds what lies deeper when the session or the database says so', async () => {
    for (const name of ['top.png', 'deep/er/one.png', 'deep/two.png'])
      await put(`oss://bucket/tree/${name}`, name);
    await put('oss://bucket/tree-house/other.png', 'x');
    await client.query(create('oss://bucket/tree'));
    await refresh();
    expect(await namesIn()).toEqual(['top.png']);
    await client.query('SET hg_experimental_enable_oss_meta_recursive = on');
    await refresh();
    expect(await namesIn()).toEqual(['deep/er/one.png', 'deep/two.png', 'top.png']);
    await client.query('SET hg_experimental_enable_oss_meta_recursive = sideways');
    expect(await refusal(client.query('REFRESH OBJECT TABLE pictures'))).toMatchObject({
      code: '22023',
      message: expect.stringContaining('must be on or off, not "sideways"'),
    });
    await client.query('ALTER DATABASE hologen SET hg_experimental_enable_oss_meta_recursive = on');
    const other = await gateway.client();
    await other.query('REFRESH OBJECT TABLE pictures');
    await client.query('ALTER DATABASE hologen RESET hg_experimental_enable_oss_meta_recursive');
    expect(await namesIn()).toHaveLength(3);
  });

  test('of a bucket that is not there, or by a role that may not list it, is an error and changes nothing', async () => {
    await put('oss://bucket/kept/a.png', 'a');
    await client.query(create('oss://bucket/kept/'));
    await refresh();
    await client.query(create('oss://no-such-bucket/', 'nowhere'));
    expect(await refusal(client.query('REFRESH OBJECT TABLE nowhere'))).toMatchObject({
      code: '58P01',
      message: 'cannot list oss://no-such-bucket/: there is no such bucket',
    });
    await client.query('DROP OBJECT TABLE nowhere');
    const readOnly = client.query('BEGIN READ ONLY; REFRESH OBJECT TABLE pictures');
    expect((await refusal(readOnly)).code).toBe('25006');
    await client.query('ROLLBACK');
    expect(await namesIn()).toEqual(['a.png']);
  });

  test('keeps columns that were added, and all of many pages', async () => {
    const many = 1100;
    await Promise.all(Array.from({ length: many }, (_, n) => put(`oss://bucket/many/é ${n}.txt`, String(n))));
    await client.query(create('oss://bucket/many/'));
    await client.query('ALTER TABLE pictures ADD caption text');
    await refresh();
    await client.query("UPDATE pictures SET caption = 'seen'");
    await put('oss://bucket/many/é 7.txt', 'seven');
    expect(await refresh()).toContain(`${many} objects, of which 0 are new and 1 changed; 0 deleted`);
    const { rows } = await client.query("SELECT count(*)::int FROM pictures WHERE caption = 'seen'");
    expect(rows).toEqual([{ count: many }]);
  });
});

test('one statement asks a model about every file of a directory', async () => {
  const picture = Buffer.from(await (await fetch(await oneUrl())).arrayBuffer());
  for (const name of ['one.png', 'two.png'])
    await putObject(gateway.dataDir, `oss://bucket/ask/${name}`, picture);
  await client.query(create('oss://bucket/ask/'));
  await refresh();
  const { rows } = await client.query(
    `SELECT object_uri, ai_gen('qwen_vl_plus', '{"prompt": "What is this?"}', file) AS told FROM pictures ORDER BY 1`,
  );
  expect(rows.map(({ told }) => told)).toEqual([
    expect.stringMatching(/What is this\? Media: picture png/),
    expect.stringMatching(/What is this\? Media: picture png/),
  ]);
  const { rows: edited } = await client.query(
    `SELECT ai_gen('qwen_image_edit', json_build_object('prompt', 'in blue', 'reference_urls', json_build_array(object_uri)), file)::json
       -> 'image_urls' ->> 0 AS url FROM pictures`,
  );
  expect(edited.every(({ url }) => url.startsWith('http'))).toBe(true);
});

test('the calls of such a statement are at once, also where facts of the files choose the rows', async () => {
  for (const n of [1, 2, 3, 4]) await put(`oss://bucket/texts/${n}.txt`, String(n));
  await client.query(create('oss://bucket/texts/'));
  await refresh();
  const startedAt = performance.now();
  const { rows } = await client.query(
    `SELECT ai_gen('qwen_plus', '[[sandbox:slow=2000]] ' || object_uri) AS said FROM pictures WHERE fl_get_file_type(file) = 'document' AND fl_get_size(file) = 1`,
  );
  expect(rows).toHaveLength(4);
  // One after another they would take eight seconds.
  expect(performance.now() - startedAt).toBeLessThan(7000);
});

/** An address of a picture that the sandbox has in its shelves. */
async function oneUrl(): Promise<string> {
  const { rows } = await client.query(
    "SELECT file_url(to_file('oss://bucket/path/golden_man.png', $1, $2)) AS url",
    rights,
  );
  return rows[0].url;
}

describe('the statements', () => {
  const place = options('oss://bucket/forms/');

  test('are understood with comments, quotes, schemas and any case, alone and with others, simple and prepared', async () => {
    await put('oss://bucket/forms/a.png', 'a');
    await client.query('CREATE SCHEMA IF NOT EXISTS "My shop"');
    for (const name of ['pictures', '"Pïctures 🎨"', '"My shop"."o table"', 'public.plain'])
      for (const values of [undefined, []]) {
        const run = (text: string) => client.query(values ? { text, values } : text);
        expect(
          (await run(`/* first */ create Object /* x */ TABLE -- y\n if not exists ${name} with (${place})`))
            .command,
        ).toBe('CREATE');
        expect((await run(`CREATE OBJECT TABLE IF NOT EXISTS ${name} WITH (${place})`)).command).toBe(
          'CREATE',
        );
        expect((await run(`REFRESH OBJECT\n\tTABLE ${name}`)).command).toBe('REFRESH');
        expect(await namesIn(name)).toEqual(['a.png']);
        expect((await run(`DROP OBJECT TABLE IF EXISTS ${name} CASCADE`)).command).toBe('DROP');
      }
  });

  test('stand beside others in one text, each with its tag, and are undone with their transaction', async () => {
    const results = (await client.query(
      `BEGIN; SELECT 'create object table;' AS said; ${create('oss://bucket/forms/')}; CREATE TABLE beside (a int) WITH (orientation = 'row');
       REFRESH OBJECT TABLE pictures; SELECT count(*)::int FROM pictures;;ROLLBACK`,
    )) as unknown as pg.QueryResult[];
    expect(results.map(({ command }) => command)).toEqual([
      'BEGIN',
      'SELECT',
      'CREATE',
      'CREATE',
      'REFRESH',
      'SELECT',
      'ROLLBACK',
    ]);
    expect(results[5]?.rows).toEqual([{ count: 1 }]);
    expect((await refusal(client.query('SELECT FROM pictures'))).code).toBe('42P01');
  });

  test('take the properties of other tables, which are shown with theirs', async () => {
    await client.query(
      `CREATE OBJECT TABLE pictures WITH (${place}, orientation = 'row,column', clustering_key = 'object_uri')`,
    );
    const { rows } = await client.query(
      "SELECT property_key, property_value FROM hologres.hg_table_properties WHERE table_name = 'pictures' ORDER BY 1",
    );
    expect(rows).toEqual([
      { property_key: 'clustering_key', property_value: 'object_uri' },
      { property_key: 'orientation', property_value: 'row,column' },
    ]);
  });

  test('that make no sense say what is wrong', async () => {
    await client.query('CREATE TABLE IF NOT EXISTS ordinary (a int)');
    for (const [text, code, message] of [
      ['CREATE OBJECT TABLE o', '22023', 'an object table needs path, which is missing'],
      [
        `CREATE OBJECT TABLE o WITH (path = 'oss://bucket/')`,
        '22023',
        'an object table needs oss_endpoint, which is missing',
      ],
      [`CREATE OBJECT TABLE o WITH (${place}, colour = 'red')`, '22023', "unknown table property 'colour'"],
      [
        `CREATE OBJECT TABLE o (a int) WITH (${place})`,
        '0A000',
        'an object table has columns of its own: object_uri, etag, file and metadata',
      ],
      [
        `CREATE OBJECT TABLE o WITH (${options('http://bucket/')})`,
        '22023',
        expect.stringContaining('oss_path is not an OSS path'),
      ],
      ['REFRESH OBJECT TABLE ordinary', '42809', '"ordinary" is not an object table'],
      ['DROP OBJECT TABLE ordinary', '42809', '"ordinary" is not an object table'],
      ['REFRESH OBJECT TABLE nosuch', '42P01', 'relation "nosuch" does not exist'],
      ['DROP OBJECT TABLE nosuch', '42P01', 'table "nosuch" does not exist'],
      ['ALTER OBJECT TABLE ordinary SET (a = 1)', '0A000', 'ALTER OBJECT TABLE is not supported'],
    ] as const)
      expect(await refusal(client.query(text))).toMatchObject({ code, message });
  });

  test.each([
    [`SELECT '🎨'; CREATE OBJECT TABLE nosuch.o WITH (${place})`, 'nosuch'],
    [`CREATE OBJECT TABLE o WITH (path = 'oss://bucket/' oss_endpoint = 'x')`, 'oss_endpoint'],
    [`CREATE OBJECT TABLE o WITH (${place}`, undefined],
  ])('%s is an error at the client’s own place', async (text, at) => {
    const error = await refusal(client.query(text));
    const offset = at === undefined ? text.length : text.indexOf(at);
    expect(Number(error.position)).toBe([...text.slice(0, offset)].length + 1);
    expect(error.internalQuery).toBeUndefined();
  });

  test('are done by a function too, with the procedure that REFRESH calls', async () => {
    await client.query(create('oss://bucket/forms/'));
    await client.query("DO $$ BEGIN CALL refresh_object_table('pictures'); END $$");
    expect(await namesIn()).toEqual(['a.png']);
  });

  test('survive a script of the table', async () => {
    await client.query(create('oss://bucket/forms/'));
    const { rows } = await client.query("SELECT hg_dump_script('pictures') AS script");
    await client.query('DROP TABLE pictures');
    await client.query(rows[0].script);
    await refresh();
    expect(await namesIn()).toEqual(['a.png']);
  });
});
