/** A PL/pgSQL function that is called for each row sees more than the statement that calls it: what others have committed since is not asked for. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bind, connectRaw, execute, flush, login, parse, sync } from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
  const client = await gateway.client();
  await client.query(`CREATE TABLE foxes (id int, p text);
    CREATE FUNCTION drawn(p text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('qwen_plus', '[[sandbox:slow=300]] ' || p); END $$`);
});
beforeEach(async () => {
  await (await gateway.client()).query(
    "TRUNCATE foxes; INSERT INTO foxes SELECT i, 'fox ' || i FROM generate_series(1, 4) i",
  );
  await gateway.forgetRequests();
});
afterAll(() => gateway?.close());

/** The statement has begun when it is bound; `meanwhile` is committed before it runs. */
async function foundBy(statement: string, meanwhile: string): Promise<{ asked: string[]; together: number }> {
  const client = await connectRaw(gateway.url);
  await login(client, gateway.url);
  client.write(parse('', statement), bind('', ''), flush);
  await client.until('2');
  const other = await gateway.client();
  if (meanwhile) await other.query(meanwhile);
  client.write(execute(''), sync);
  await client.until('Z');
  client.close();
  const asked = (await gateway.requests()).map(({ body }) => /fox \d/.exec(JSON.stringify(body))?.[0] ?? '');
  const { rows } = await other.query(
    `WITH made AS (SELECT * FROM hologen.jobs ORDER BY submitted_at DESC LIMIT $1)
     SELECT max((SELECT count(*) FROM made b WHERE b.started_at <= a.started_at AND b.finished_at > a.started_at))::int AS most FROM made a`,
    [asked.length],
  );
  return { asked: asked.sort(), together: rows[0].most };
}

const four = ['fox 1', 'fox 2', 'fox 3', 'fox 4'];

test.each([
  ['nothing', '', four, 4],
  ['a row more', "INSERT INTO foxes VALUES (5, 'fox 5')", four, 1],
  ['a row that was changed', "UPDATE foxes SET p = 'fox 9' WHERE id = 2", four, 1],
  ['a row less', 'DELETE FROM foxes WHERE id = 2', four, 3],
  ['another table', 'CREATE TABLE others AS SELECT 1', four, 4],
])('meanwhile %s', async (_what, meanwhile, asked, together) => {
  expect(await foundBy('SELECT id, drawn(p) FROM foxes', meanwhile)).toEqual({ asked, together });
  await (await gateway.client()).query('DROP TABLE IF EXISTS others');
});

test.each([
  ['SELECT drawn(p) FROM foxes ORDER BY id LIMIT 2', ['fox 1', 'fox 2']],
  ["SELECT drawn('fox ' || count(*)) FROM foxes GROUP BY id > 0", ['fox 4']],
  ['SELECT drawn(p) FROM foxes f WHERE NOT EXISTS (SELECT FROM foxes g WHERE g.id = f.id + 1)', ['fox 4']],
])('rows that have gone make no others to be asked for: %s', async (statement, asked) => {
  const seen = await foundBy(statement, 'DELETE FROM foxes WHERE id IN (1, 4)');
  expect(seen.asked).toEqual(asked);
});
