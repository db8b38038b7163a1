/** postgres.js: `node postgres-js.mjs URL SSLMODE` prints a line for each check it passed. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import postgres from 'postgres';

const [url, sslmode] = process.argv.slice(2);
const notices = [];
const options = {
  ssl: sslmode === 'require' && 'require',
  onnotice: (notice) => notices.push(notice.message),
};
const sql = postgres(url, { ...options, max: 1 });
const passed = (name) => console.log(name);

const [row] = await sql`SELECT ${41}::int + 1 AS n, ${'it’s 中文 🦊'} AS t, ${sql.json({ a: [1] })} AS j,
  ${[1, 2]}::int[] AS a, ${null}::text AS nothing, ${Buffer.from([0, 255])} AS b`;
assert.deepEqual(row, {
  n: 42,
  t: 'it’s 中文 🦊',
  j: { a: [1] },
  a: [1, 2],
  nothing: null,
  b: Buffer.from([0, 255]),
});
passed('types');

await sql`CREATE TEMP TABLE t (id int PRIMARY KEY, name text)`;
await sql`INSERT INTO t ${sql(Array.from({ length: 200 }, (_, id) => ({ id, name: `row ${id}` })))}`;
const described = await sql`SELECT id, name FROM t WHERE id = ${1}`.describe();
assert.deepEqual(
  described.columns.map(({ name, type }) => [name, type]),
  [
    ['id', 23],
    ['name', 25],
  ],
);
const simple = await sql`SELECT 1 AS a; SELECT 2 AS b`.simple();
assert.deepEqual(
  simple.map(([each]) => each),
  [{ a: 1 }, { b: 2 }],
);
passed('described and simple');

const sizes = [];
for await (const rows of sql`SELECT id FROM t ORDER BY id`.cursor(60)) sizes.push(rows.length);
assert.deepEqual(sizes, [60, 60, 60, 20]);
await sql`SELECT id FROM t ORDER BY id`.cursor(10, ([first]) => (first.id >= 20 ? sql.CLOSE : undefined));
passed('cursor');

await pipeline(Readable.from(['500\tfive', ' hundred\n501\t\\N\n']), await sql`COPY t FROM STDIN`.writable());
let out = '';
for await (const chunk of await sql`COPY (SELECT * FROM t WHERE id >= 500 ORDER BY id) TO STDOUT`.readable()) {
  out += chunk;
}
assert.equal(out, '500\tfive hundred\n501\t\\N\n');
passed('copy');

await assert.rejects(
  sql.begin(async (inner) => {
    await inner`DELETE FROM t`;
    await inner
      .savepoint((deeper) => deeper`SELECT 1 / 0`)
      .catch((error) => assert.equal(error.code, '22012'));
    await inner`INSERT INTO t VALUES (1, 'a'), (1, 'b')`;
  }),
  { code: '23505', constraint_name: 't_pkey' },
);
assert.equal((await sql`SELECT count(*)::int AS n FROM t`)[0].n, 202);
passed('transactions');

const both = await Promise.all(Array.from({ length: 60 }, (_, n) => sql`SELECT ${n}::int AS n`));
assert.deepEqual(
  both.map(([each]) => each.n),
  Array.from({ length: 60 }, (_, n) => n),
);
passed('pipeline');

const sleeping = sql`SELECT pg_sleep(30)`.execute();
setTimeout(() => sleeping.cancel(), 200);
await assert.rejects(sleeping, { code: '57014' });
passed('cancel');

await sql`DO $$ BEGIN RAISE NOTICE 'ü'; END $$`;
assert.deepEqual(notices, ['ü']);
const news = new Promise((resolve) => {
  sql.listen('news', resolve, () => sql.notify('news', 'fresh'));
});
assert.equal(await news, 'fresh');
passed('notices and notifications');
await sql.end();
