/** node-postgres: `node node-pg.mjs URL SSLMODE` prints a line for each check it passed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import pg from 'pg';

const [url, sslmode] = process.argv.slice(2);
const options = { connectionString: url, ssl: sslmode === 'require' && { rejectUnauthorized: false } };
const passed = (name) => console.log(name);
const client = new pg.Client(options);
await client.connect();
const { rows: session } = await client.query(
  'SELECT pg_backend_pid() AS pid, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
);
assert.equal(session[0].pid, client.processID);
passed('connect');

const values = [2 ** 31 - 1, 'it’s 中文 🦊', null, [1, null, 3], { a: [1] }, Buffer.from([0, 255]), true];
const echo = 'SELECT $1::int4, $2::text, $3::text, $4::int[], $5::jsonb, $6::bytea, $7::bool';
for (const name of [undefined, 'echo', 'echo']) {
  const { rows, fields } = await client.query({ name, text: echo, values, rowMode: 'array' });
  assert.deepEqual(rows[0], values);
  assert.deepEqual(
    fields.map((field) => field.dataTypeID),
    [23, 25, 25, 1007, 3802, 17, 16],
  );
}
const binary = await client.query({ text: 'SELECT $1::int8, $2::int4', values: ['7', 5], binary: true });
assert.deepEqual(Object.values(binary.rows[0]), ['7', 5]);
passed('types');

const several = await client.query(
  "SELECT 1 AS a; SELECT 'x' AS b; CREATE TEMP TABLE t (id int PRIMARY KEY)",
);
assert.deepEqual(
  several.map((result) => [result.command, result.rowCount]),
  [
    ['SELECT', 1],
    ['SELECT', 1],
    ['CREATE', null],
  ],
);
passed('several results');

for (let n = 0; n < 50; n += 1) {
  const { rows } = await client.query({
    name: 'insert',
    text: 'INSERT INTO t VALUES ($1) RETURNING id',
    values: [n],
  });
  assert.deepEqual(rows, [{ id: n }]);
}
await assert.rejects(client.query('INSERT INTO t VALUES ($1)', [1]), {
  code: '23505',
  constraint: 't_pkey',
  detail: 'Key (id)=(1) already exists.',
});
await assert.rejects(client.query("SELECT 'é', nope"), { code: '42703', position: '13' });
passed('prepared and errors');

// Rows of a portal by fives, the way pg-cursor does it.
const portal = { text: 'SELECT id FROM t ORDER BY id', rows: 5 };
const fetched = await client.query(portal);
assert.equal(fetched.rows.length, 50);
passed('portal by parts');

/** A query of its own messages: node-postgres hands it the connection, and every message that is for it. */
function copyInto(text, data) {
  let settle;
  const done = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    done,
    submit: (connection) => connection.query(text),
    handleCopyInResponse(connection) {
      for (const piece of data) connection.sendCopyFromChunk(Buffer.from(piece));
      connection.endCopyFrom();
    },
    handleCommandComplete: ({ text: tag }) => settle.resolve(tag),
    handleError: (error) => settle.reject(error),
    handleReadyForQuery() {},
  };
}
const copied = copyInto('COPY t FROM STDIN', ['100\n10', '1\n102\n']);
client.query(copied);
assert.equal(await copied.done, 'COPY 3');
const broken = copyInto('COPY t FROM STDIN', ['200\n', 'x\n']);
client.query(broken);
await assert.rejects(broken.done, { code: '22P02', where: 'COPY t, line 2, column id: "x"' });
assert.equal((await client.query('SELECT count(*) FROM t')).rows[0].count, '53');
passed('copy');

const notice = once(client, 'notice');
await client.query("DO $$ BEGIN RAISE WARNING 'ü' USING HINT = 'h'; END $$");
const [{ severity, message, hint }] = await notice;
assert.deepEqual([severity, message, hint], ['WARNING', 'ü', 'h']);
const notification = once(client, 'notification');
await client.query("LISTEN news; NOTIFY news, 'fresh'");
const [{ channel, payload, processId }] = await notification;
assert.deepEqual([channel, payload, processId], ['news', 'fresh', client.processID]);
passed('notices and notifications');

const sleeping = assert.rejects(client.query('SELECT pg_sleep(30)'), { code: '57014' });
const canceller = new pg.Client(options);
await canceller.connect();
const active = "SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'";
while ((await canceller.query(active, [client.processID])).rowCount === 0);
await canceller.query('SELECT pg_cancel_backend($1)', [client.processID]);
await sleeping;
const wrong = new URL(url);
wrong.password = 'wrong';
await assert.rejects(new pg.Client({ ...options, connectionString: wrong.href }).connect(), {
  code: '28P01',
});
passed('cancel and wrong password');

const pool = new pg.Pool({ ...options, max: 5 });
const sums = await Promise.all(
  Array.from({ length: 40 }, (_, n) => pool.query('SELECT $1::int + 1 AS n', [n])),
);
assert.equal(
  sums.reduce((sum, { rows }) => sum + rows[0].n, 0),
  820,
);
await Promise.all([pool.end(), canceller.end(), client.end()]);
passed('pool');
