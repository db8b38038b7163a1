/** Statements that a client sends together, in one pipe or in one text: each is what it is alone, but that their calls are made at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bind,
  connectRaw,
  execute,
  type Frame,
  fields,
  login,
  parse,
  query,
  type RawClient,
  row,
  sync,
  types,
} from '../frontend/raw-client.js';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
const opened: RawClient[] = [];

beforeAll(async () => {
  gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query(`CREATE TABLE made (id int PRIMARY KEY, r text); CREATE TABLE product (id int PRIMARY KEY, look text, r text);
    INSERT INTO product SELECT i, 'look ' || i FROM generate_series(1, 4) i;
    CREATE TABLE watched (r text); CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER watch BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch()`);
});
beforeEach(async () => {
  await (await gateway.client()).query('TRUNCATE made; UPDATE product SET r = NULL');
  await gateway.forgetRequests();
});
afterAll(async () => {
  for (const client of opened) client.close();
  await gateway?.close();
});

async function session(...settings: string[]): Promise<RawClient> {
  const client = await connectRaw(gateway.url);
  opened.push(client);
  await login(client, gateway.url);
  for (const each of settings) {
    client.write(query(each));
    await client.until('Z');
  }
  return client;
}

/** One Parse, a Bind and an Execute for each, one Sync. */
const batch = (sql: string, ...values: string[][]) => [
  parse('', sql),
  ...values.flatMap((each) => [bind('', '', each), execute('')]),
  sync,
];
const insert = "INSERT INTO made VALUES ($1, ai_gen('qwen_plus', $2))";
const picture = `INSERT INTO made VALUES ($1, ai_gen('qwen_image_2', json_build_object('prompt', $2::text)))`;

const failed = (frames: Frame[]) => frames.filter(({ type }) => type === 'E').map(fields);
const notices = (frames: Frame[]) => frames.filter(({ type }) => type === 'N').map((each) => fields(each).M);

/** What the provider was asked, in its order. */
async function prompts(): Promise<string[]> {
  return (await gateway.requests()).map(
    ({ body }) => /(?:fox|owl|elk) \d*/.exec(JSON.stringify(body))?.[0] ?? '',
  );
}

/** The most of those calls that were under way together. */
async function together(beginning: string): Promise<number> {
  const client = await gateway.client();
  const { rows } = await client.query(
    `WITH made AS (SELECT * FROM hologen.jobs WHERE request #>> '{}' LIKE '%' || $1 || '%')
     SELECT max((SELECT count(*) FROM made b WHERE b.started_at <= a.started_at AND b.finished_at > a.started_at))::int AS most FROM made a`,
    [beginning],
  );
  return rows[0].most;
}

describe('a batch in one pipe', () => {
  test('has each call in the ledger under the statement as it was written', async () => {
    const client = await session();
    client.write(...batch(insert, ['1', '[[sandbox:slow=300]] fox 1'], ['2', '[[sandbox:slow=300]] fox 2']));
    expect(types(await client.until('Z'))).toBe('1 2 C 2 C Z');
    expect(await together('fox')).toBe(2);
    const { rows } = await (await gateway.client()).query(
      `SELECT DISTINCT statement, (SELECT count(*)::int FROM hologen.progress) AS under_way FROM hologen.jobs WHERE request #>> '{}' LIKE '%fox%'`,
    );
    expect(rows).toEqual([{ statement: insert, under_way: 0 }]);
  });

  test('makes each call once where it may wait for a span, which begins anew with each Execute', async () => {
    const client = await session("SET ai_gen.by = '2h'");
    client.write(...batch(insert, ['1', 'fox 15'], ['2', 'fox 16'], ['3', 'fox 17']));
    expect(types(await client.until('Z'))).toBe('1 2 C 2 C 2 C Z');
    expect((await prompts()).sort()).toEqual(['fox 15', 'fox 16', 'fox 17']);
  });

  test('makes two calls where two Executes ask for the same', async () => {
    const client = await session();
    client.write(...batch(insert, ['1', 'owl 1'], ['2', 'owl 1']));
    await client.until('Z');
    expect(await prompts()).toEqual(['owl 1', 'owl 1']);
  });

  // A portal that has given all its rows gives none the second time.
  test('makes no calls where a portal that was read to its end is executed once more', async () => {
    const client = await session();
    const once = [parse('', "SELECT ai_gen('qwen_plus', $1)"), bind('', '', ['fox 71']), execute('')];
    client.write(...once, execute(''), sync);
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )?D C C Z$/);
    expect(await prompts()).toEqual(['fox 71']);
  });

  // In a pipe each Execute has a time of its own.
  test('makes each call once where it asks for the time of its statement', async () => {
    const client = await session();
    const timed = "INSERT INTO made VALUES ($1, ai_gen('qwen_plus', $2 || statement_timestamp()))";
    client.write(...batch(timed, ['1', 'fox 72'], ['2', 'fox 73'], ['3', 'fox 74']));
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )?C 2 (N )?C 2 (N )?C Z$/);
    expect((await prompts()).length).toBe(3);
  });

  test('leaves a prepared statement of the client that has the name of the one that looks', async () => {
    const client = await session("PREPARE hologen_ahead AS SELECT 'mine'");
    const calls = ['fox 75', 'fox 76'].map((each) => `SELECT ai_gen('qwen_plus', '${each}')`);
    client.write(query(`${calls.join('; ')}; EXECUTE hologen_ahead`));
    expect(failed(await client.until('Z'))).toEqual([]);
  });

  test('that comes in piece by piece is at once too', async () => {
    const client = await session();
    const [prepared, ...rest] = batch(
      insert,
      ...[1, 2, 3].map((n) => [String(n), `[[sandbox:slow=300]] elk ${n}`]),
    );
    client.write(prepared as Buffer);
    for (const each of rest) {
      client.write(each);
      await new Promise(setImmediate);
    }
    await client.until('Z');
    expect(await together('elk')).toBe(3);
  });

  test('is refused where a request is, and those behind it are not asked for', async () => {
    const client = await session();
    const bad = 'INSERT INTO made VALUES ($1, ai_gen($2, $3))';
    client.write(
      ...batch(bad, ['1', 'qwen_plus', 'fox 1'], ['2', 'no_model', 'fox 2'], ['3', 'qwen_plus', 'fox 3']),
    );
    const frames = await client.until('Z');
    expect(types(frames)).toBe('1 2 C 2 E Z');
    expect(failed(frames)).toMatchObject([{ M: expect.stringContaining('no_model') }]);
    expect(await prompts()).toEqual(['fox 1']);
  });

  test('that fails midway may have sent all its calls, whose results wait for its next run', async () => {
    const client = await session();
    const values = ['1', '1', '2'].map((id, n) => [id, `elk ${n + 10}`]);
    client.write(...batch(insert, ...values));
    expect(failed(await client.until('Z'))).toMatchObject([{ C: '23505' }]);
    expect((await prompts()).sort()).toEqual(['elk 10', 'elk 11', 'elk 12']);
    client.write(...batch(insert, ...values.map(([, prompt], n) => [String(n), prompt as string])));
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )?C 2 (N )?C 2 (N )?C Z$/);
    expect(await prompts()).toHaveLength(3);
  });

  test('holds max_calls for each statement, not for all together', async () => {
    const client = await session('SET ai_gen.max_calls = 1');
    client.write(...batch(insert, ['1', 'fox 21'], ['2', 'fox 22'], ['3', 'fox 23']));
    expect(types(await client.until('Z'))).toBe('1 2 C 2 C 2 C Z');
  });

  test('spends what is left, and is refused where it is spent', async () => {
    const client = await session('SET ai_gen.spend_at_most = 0.5');
    client.write(...batch(picture, ['1', 'owl 31'], ['2', 'owl 32'], ['3', 'owl 33'], ['4', 'owl 34']));
    const frames = await client.until('Z');
    expect(types(frames)).toBe('1 2 C 2 C 2 E Z');
    expect(failed(frames)).toMatchObject([{ C: '53400' }]);
    expect(await prompts()).toEqual(['owl 31', 'owl 32']);
  });

  test('captures the failure of one Execute alone', async () => {
    const client = await session('SET ai_gen.on_error = capture');
    client.write(
      ...batch("SELECT ai_gen('qwen_plus', $1)", ['fox 41'], ['[[sandbox:refuse]] fox 42'], ['fox 43']),
    );
    const rows = (await client.until('Z')).filter(({ type }) => type === 'D').map((each) => row(each)[0]);
    expect(rows.map((each) => each?.startsWith('{"error"'))).toEqual([false, true, false]);
  });

  test('is told why it runs one by one', async () => {
    const client = await session();
    client.write(...batch("INSERT INTO watched VALUES (ai_gen('qwen_plus', $1))", ['fox 51'], ['fox 52']));
    expect(notices(await client.until('Z'))).toEqual([
      'the calls of statements that were sent together are made one after another: public.watched has triggers',
    ]);
  });

  test('that reads what it writes makes the calls that it would alone', async () => {
    const client = await session();
    const sql = `UPDATE product SET r = ai_gen('qwen_plus', 'elk ' || $1 || (SELECT count(r) FROM product)) WHERE id = $1::text::int`;
    client.write(...batch(sql, ['1'], ['2'], ['3']));
    expect(types(await client.until('Z'))).toMatch(/^1 2 N C 2 C 2 C Z$/);
    expect(await prompts()).toEqual(['elk 10', 'elk 21', 'elk 32']);
  });

  test('behind another one in the same connection is not looked at before it', async () => {
    const client = await session();
    client.write(
      ...batch(insert, ['1', 'fox 61']),
      ...batch(insert, ['2', 'fox 62'], ['2', 'fox 63'], ['4', 'fox 64']),
    );
    await client.until('Z');
    expect(failed(await client.until('Z'))).toMatchObject([{ C: '23505' }]);
    expect(await prompts()).toEqual(['fox 61', 'fox 62', 'fox 63']);
  });

  test('pays once for each row where one that made no call when it was looked at makes one after all', async () => {
    const owner = await gateway.client();
    await owner.query('UPDATE product SET look = NULL WHERE id = 2');
    const client = await session();
    const sql = `UPDATE product SET r = ai_gen('qwen_plus', 'owl ' || $1 || ai_gen('qwen_plus', $2 || 'hen ' || $1)) WHERE id = $1::text::int AND look IS NOT NULL`;
    const before = (await gateway.requests()).length;
    client.write(
      ...batch(
        sql,
        ['1', `[[sandbox:slow=2000]] `],
        ['2', ''],
        ['3', '[[sandbox:slow=4000]] '],
        ['4', '[[sandbox:slow=4000]] '],
      ),
    );
    const sent = () =>
      owner.query("SELECT FROM hologen.jobs WHERE request #>> '{}' LIKE '%hen%' AND state = 'running'");
    await expect.poll(async () => (await sent()).rowCount, { timeout: 5000 }).toBe(3);
    await owner.query("UPDATE product SET look = 'look 2' WHERE id = 2");
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )*C 2 (N )*C 2 (N )*C 2 (N )*C Z$/);
    const { rows } = await owner.query('SELECT count(r)::int AS made FROM product');
    expect([rows[0].made, (await gateway.requests()).length - before]).toEqual([4, 8]);
  });

  test('pays once for each row where a parameter is too long to be kept', async () => {
    const client = await session();
    const long = `fox ${'x'.repeat(300_000)}`;
    const sql = "UPDATE product SET r = ai_gen('qwen_plus', right($1, 9) || id) WHERE id % 2 = $2::text::int";
    client.write(...batch(sql, [long, '0'], ['fox short', '1']));
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )*C 2 (N )*C Z$/);
    expect((await gateway.requests()).length).toBe(4);
    await gateway.forgetRequests();
    const staged =
      "INSERT INTO made VALUES ($1, ai_gen('qwen_plus', 'owl ' || ai_gen('qwen_plus', right($2, 9))))";
    client.write(...batch(staged, ['1', long], ['2', 'fox 2'], ['3', 'fox 3'], ['4', 'fox 4']));
    expect(types(await client.until('Z'))).toMatch(/^1 2 (N )*C 2 (N )*C 2 (N )*C 2 (N )*C Z$/);
    expect((await gateway.requests()).length).toBe(8);
  });

  test('of very many rows is at once', async () => {
    const client = await session();
    const values = Array.from({ length: 1200 }, (_, n) => [String(n), `owl ${n + 1000}`]);
    client.write(...batch(insert, ...values));
    const frames = await client.until('Z');
    expect(frames.filter(({ type }) => type === 'C')).toHaveLength(1200);
    expect(new Set(await prompts()).size).toBe(1200);
  });
});

describe('several statements in one text', () => {
  test('are at once, whatever kinds of statements they are', async () => {
    const client = await session('SET ai_gen.progress = off');
    client.write(
      query(
        `INSERT INTO made VALUES (1, ai_gen('qwen_plus', '[[sandbox:slow=300]] fox 71')); UPDATE product SET r = ai_gen('qwen_plus', '[[sandbox:slow=300]] fox 72') WHERE id = 1;
         SELECT ai_gen('qwen_plus', '[[sandbox:slow=300]] fox 73')`,
      ),
    );
    expect(types(await client.until('Z'))).toBe('C C T D C Z');
    expect(await together('fox 7')).toBe(3);
  });

  test('are at once in a text that is longer than what the engine sends of it', async () => {
    const client = await session('SET ai_gen.progress = off');
    const insertion = (n: number) =>
      `INSERT INTO made VALUES (${n}, ai_gen('qwen_plus', '[[sandbox:slow=1500]] owl ${n} ${'of many words '.repeat(30)}'))`;
    client.write(query(Array.from({ length: 60 }, (_, index) => insertion(index + 100)).join(';\n')));
    expect(types(await client.until('Z'))).toBe(`${'C '.repeat(60)}Z`);
    expect(await together('owl 1')).toBeGreaterThan(5);
    expect((await gateway.requests()).length).toBe(60);
  });

  test('are one after another with a COMMIT between them', async () => {
    const client = await session();
    client.write(
      query(
        `BEGIN; INSERT INTO made VALUES (1, ai_gen('qwen_plus', 'owl 81')); COMMIT; INSERT INTO made VALUES (1, ai_gen('qwen_plus', 'owl 82')); INSERT INTO made VALUES (2, ai_gen('qwen_plus', 'owl 83'))`,
      ),
    );
    expect(failed(await client.until('Z'))).toMatchObject([{ C: '23505' }]);
    expect(await prompts()).toEqual(['owl 81', 'owl 82']);
  });

  test('are refused at the statement that would spend too much', async () => {
    const client = await session('SET ai_gen.spend_at_most = 0.3');
    const draw = (prompt: string) => `SELECT ai_gen('qwen_image_2', '{"prompt": "${prompt}"}')`;
    client.write(query(`${draw('elk 91')}; ${draw('elk 92')}`));
    expect(types(await client.until('Z'))).toBe('T D C T E Z');
    expect(await prompts()).toEqual(['elk 91']);
  });
});

test('what was told of the first statement is not told once more where a long one behind it fails', async () => {
  const client = await session('SET ai_gen.max_calls = 10000');
  const long = "ai_gen('qwen_plus', repeat('long ', 100) || n / (200 - n))";
  client.write(
    query(
      `INSERT INTO made VALUES (1, ai_gen('qwen_plus', 'the only one')); INSERT INTO made SELECT n, ${long} FROM generate_series(2, 300) n`,
    ),
  );
  expect(failed(await client.until('Z'))).toMatchObject([{ C: '22012' }]);
  const sent = (await gateway.requests()).filter(({ body }) => JSON.stringify(body).includes('the only one'));
  expect(sent).toHaveLength(1);
});
