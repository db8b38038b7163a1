/** Attack: code of an ordinary role runs in somebody else's session, or says that it is somebody else, to act as the owner or to spend another's money. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let alice: pg.Client;

beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query("CREATE ROLE alice LOGIN PASSWORD 'secret'");
  await owner.query('GRANT CREATE ON SCHEMA public TO alice');
  alice = await gateway.clientOf('alice');
});
afterAll(() => gateway?.close());

/** What PostgreSQL runs of a table's owner while somebody else looks after the table. */
const upkeep = ['ANALYZE', 'VACUUM ANALYZE', 'REINDEX TABLE', 'CLUSTER'];

/** A table with an index whose function is harmless when the index is made, and does `evil` from then on. */
async function trap(name: string, evil: string): Promise<void> {
  const define = (body: string) =>
    alice.query(
      `CREATE OR REPLACE FUNCTION public.${name}_key(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
       BEGIN ${body} RETURN i; END $$`,
    );
  await define('');
  await alice.query(`CREATE TABLE public.${name} (i int)`);
  await alice.query(`INSERT INTO public.${name} SELECT generate_series(1, 3)`);
  await alice.query(`CREATE INDEX ${name}_index ON public.${name} (public.${name}_key(i))`);
  await alice.query(`ALTER TABLE public.${name} CLUSTER ON ${name}_index`);
  await define(`BEGIN ${evil} EXCEPTION WHEN OTHERS THEN NULL; END;`);
}

test.each(upkeep)('%s by the owner: the code of the table’s owner sets no budget', async (command) => {
  const name = `budget_${command.toLowerCase().replace(' ', '_')}`;
  await trap(name, `CALL hologen.set_budget('alice', NULL, 1000000, NULL);`);
  await owner.query(`${command} public.${name}`);
  expect((await owner.query('SELECT * FROM hologen.budgets')).rows).toEqual([]);
});

test.each(upkeep)(
  '%s by the owner: what the code of the table’s owner calls is its own and paid by it',
  async (command) => {
    const name = `paid_${command.toLowerCase().replace(' ', '_')}`;
    await trap(name, `PERFORM hologen.ai_gen('qwen_plus', '${name} ' || i);`);
    await owner.query(`${command} public.${name}`);
    const { rows } = await owner.query(
      `SELECT DISTINCT role_name FROM hologen.jobs WHERE request #>> '{}' LIKE '${name} %'`,
    );
    expect(rows.filter(({ role_name }) => role_name !== 'alice')).toEqual([]);
  },
);

test('autovacuum, which nobody asked for anything, makes no calls and spends nothing', async () => {
  await trap('unasked', `PERFORM hologen.ai_gen('qwen_plus', 'unasked ' || i);`);
  await alice.query(
    'ALTER TABLE public.unasked SET (autovacuum_analyze_threshold = 1, autovacuum_analyze_scale_factor = 0)',
  );
  await owner.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
  await owner.query('SELECT pg_reload_conf()');
  await alice.query('UPDATE public.unasked SET i = i + 10');
  const analyzed = async () =>
    (
      await owner.query(
        "SELECT autoanalyze_count::int AS n FROM pg_stat_user_tables WHERE relname = 'unasked'",
      )
    ).rows[0].n;
  await expect.poll(analyzed, { timeout: 60_000 }).toBeGreaterThan(0);
  const { rows } = await owner.query(
    "SELECT request #>> '{}' AS prompt FROM hologen.jobs WHERE request #>> '{}' LIKE 'unasked %'",
  );
  // The client's own UPDATE is the role's, and has the new values.
  expect(rows.map(({ prompt }) => prompt).sort()).toEqual(['unasked 11', 'unasked 12', 'unasked 13']);
}, 90_000);

test('a materialized view is refreshed with the rights of its owner, whoever refreshes it', async () => {
  await alice.query(`CREATE MATERIALIZED VIEW public.seen AS SELECT ai_gen('qwen_plus', 'seen') AS said`);
  await owner.query('REFRESH MATERIALIZED VIEW public.seen');
  const { rows } = await owner.query(
    `SELECT role_name, count(*)::int AS calls FROM hologen.jobs WHERE request #>> '{}' = 'seen' GROUP BY 1`,
  );
  expect(rows).toEqual([{ role_name: 'alice', calls: 2 }]);
});

test('nobody speaks in another role’s name: not without a proof, nor with one of another statement or role', async () => {
  const ask = `SELECT hologen_caller.ask_as('{"ask": "list_models"}', $1, $2)`;
  const { rows } = await alice.query('SELECT * FROM hologen_caller.me');
  expect(rows[0].role).toBe('alice');
  for (const [role, proof] of [
    ['hologen', 'x'],
    ['hologen', ''],
    ['hologen', null],
    ['hologen', rows[0].proof],
    ['alice', rows[0].proof],
  ])
    expect((await refusal(alice.query(ask, [role, proof]))).code).toBe('42501');
  // In its own statement it is good, and for its own role alone.
  const now = `SELECT hologen_caller.ask_as('{"ask": "list_models"}', $1, proof) FROM hologen_caller.me`;
  await alice.query(now, ['alice']);
  expect((await refusal(alice.query(now, ['hologen']))).code).toBe('42501');
  expect((await refusal(alice.query('SELECT * FROM hologen_internal.proof_secret'))).code).toBe('42501');
});

test('a raw question is answered as to its own role: it administers nothing', async () => {
  for (const question of [
    { ask: 'set_budget', role_name: 'alice', model_name: null, calls_per_day: 5, money_per_day: null },
    { ask: 'remove_model', name: 'qwen_plus' },
    { ask: 'grant_model', model_name: 'qwen_plus', role_name: 'alice' },
  ])
    expect((await refusal(alice.query('SELECT hologen_caller.ask($1)', [question]))).code).toBe('42501');
});

test('a statement is looked ahead in only with the rights that it has itself', async () => {
  const inside = async (context: string, role: string) =>
    (await alice.query('SELECT hologen_caller.is_inside($1, $2) AS inside', [context, role])).rows[0].inside;
  expect(await inside('', 'alice')).toBe(false);
  expect(await inside('', 'hologen')).toBe(true);
  expect(await inside('PL/pgSQL function definer(text) line 1 at RETURN', 'alice')).toBe(true);
});

test('a function of the owner that alice calls acts for the owner only where it is SECURITY DEFINER', async () => {
  await owner.query(
    `CREATE FUNCTION public.invoker(t text) RETURNS text LANGUAGE sql AS $$ SELECT hologen.ai_gen('qwen_plus', t) $$;
     CREATE FUNCTION public.definer(t text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT hologen.ai_gen('qwen_plus', t) $$`,
  );
  await alice.query("SELECT public.invoker('by alice'), public.definer('by the owner')");
  const { rows } = await owner.query(
    `SELECT request #>> '{}' AS said, role_name FROM hologen.jobs WHERE request #>> '{}' LIKE 'by %' ORDER BY 1`,
  );
  expect(rows).toEqual([
    { said: 'by alice', role_name: 'alice' },
    { said: 'by the owner', role_name: 'hologen' },
  ]);
});

test.each([
  ['ai_gen', 'EXECUTE ON FUNCTION hologen.ai_gen(text, text, hologen.file)'],
  ['the schema hologen', 'USAGE ON SCHEMA hologen'],
])('a right that is taken from %s is taken from the rewritten form too', async (_what, right) => {
  await owner.query(`REVOKE ${right} FROM PUBLIC`);
  try {
    for (const statement of [
      "SELECT hologen.ai_gen('qwen_plus', 'hello', NULL)",
      "SELECT ai_gen('qwen_plus', 'hello ' || n) FROM generate_series(1, 3) n",
      "SELECT hologen_caller.wait_call(hologen_caller.submit_call('qwen_plus', 'hello', NULL))",
      `SELECT hologen_caller.ask('{"ask": "submit", "model": "qwen_plus", "request": "hello", "settings": {}, "statement": ""}')`,
    ])
      expect((await refusal(alice.query(statement))).code).toBe('42501');
  } finally {
    await owner.query(`GRANT ${right} TO PUBLIC`);
  }
  await alice.query("SELECT ai_gen('qwen_plus', 'hello')");
});
