/** What a look runs is made of a client's text: it must have no more rights than that client, and nobody's prompt may choose what it is. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let owner: pg.Client;
let mallory: pg.Client;
let alice: pg.Client;
beforeAll(async () => {
  gateway = await startTestGateway();
  owner = await gateway.client();
  await owner.query(`
    CREATE ROLE mallory LOGIN PASSWORD 'secret';
    CREATE ROLE alice LOGIN PASSWORD 'secret';
    CREATE ROLE bob LOGIN PASSWORD 'secret';
    GRANT CREATE ON DATABASE hologen TO mallory, alice;
    CREATE FUNCTION public.ask(q text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN ai_gen('qwen_plus', q); END $$`);
  mallory = await gateway.clientOf('mallory');
  alice = await gateway.clientOf('alice');
  // A sequence goes on whatever is undone.
  await mallory.query(`
    CREATE SCHEMA own;
    GRANT USAGE ON SCHEMA own TO PUBLIC;
    CREATE SEQUENCE own.others;
    GRANT ALL ON SEQUENCE own.others TO PUBLIC;
    CREATE FUNCTION own.notes() RETURNS int VOLATILE LANGUAGE plpgsql AS $$ BEGIN
      IF current_user <> 'mallory' THEN PERFORM nextval('own.others'); END IF; RETURN 1; END $$;
    CREATE FUNCTION own.evil() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM own.notes(); RETURN 1; END $$;
    CREATE TABLE own.rows AS SELECT 'row ' || i AS p FROM generate_series(1, 3) i;
    GRANT SELECT ON own.rows TO PUBLIC`);
});
afterAll(() => gateway?.close());

const asOthers = async () => (await owner.query('SELECT is_called FROM own.others')).rows[0].is_called;

test('a statement that calls a function of the owner is not looked at with the owner’s rights', async () => {
  await mallory.query(`
    CREATE FUNCTION pg_temp.ask(q int) RETURNS text LANGUAGE sql AS $$ SELECT q::text $$;
    CREATE FUNCTION pg_temp.g(q text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN pg_catalog.ai_gen('qwen_plus', q); END $$`);
  const { rows } = await mallory.query(
    'SELECT public.ask(p) AS asked, pg_temp.g(p) FROM own.rows WHERE own.evil() = 1',
  );
  expect(rows).toHaveLength(3);
  expect(await asOthers()).toBe(false);
});

test('a prompt that looks like the lines of a context does not say what is looked at', async () => {
  const longest = 10_000;
  const line = 3;
  await mallory.query(`
    CREATE FUNCTION own.f() RETURNS void LANGUAGE plpgsql AS $$ DECLARE r text; BEGIN
      -- SELECT ai_gen('qwen_plus', '${'x'.repeat(longest)}
      FOR r IN SELECT pg_catalog.ai_gen('qwen_plus', p) FROM own.rows WHERE own.evil() = 1 LOOP NULL; END LOOP; END $$;
    CREATE TABLE own.prompts AS
      SELECT n % 20 AS part, repeat('x', n) || E'"\\nPL/pgSQL function own.f() line ${line} at FOR over SELECT rows\\n' || repeat('y', 300) AS prompt
      FROM generate_series(9600, 9900) n;
    INSERT INTO own.prompts VALUES (0, E'xxx"\\nPL/pgSQL function own.f() line ${line} at FOR over SELECT rows\\nSQL statement "more'),
      (1, 'PL/pgSQL function hologen_caller.look_ahead(json,json) line 3 at MOVE');
    GRANT SELECT ON own.prompts TO PUBLIC`);
  await alice.query(`CREATE SCHEMA mine; CREATE FUNCTION mine.asks(own_part int) RETURNS int LANGUAGE plpgsql AS $$
    DECLARE said text; got text; n int := 0; BEGIN
      FOR said IN SELECT prompt FROM own.prompts WHERE part = own_part LOOP
        EXECUTE format('SELECT ai_gen(%L, %L)', 'qwen_plus', said) INTO got;
        n := n + 1;
      END LOOP;
      RETURN n; END $$`);
  const parts = Array.from({ length: 20 }, async (_, part) => {
    const client = await gateway.clientOf('alice');
    return (await client.query('SELECT mine.asks($1) AS n', [part])).rows[0].n as number;
  });
  expect((await Promise.all(parts)).reduce((all, n) => all + n)).toBe(303);
  expect(await asOthers()).toBe(false);
});

test('nor one that stands in SQL which a function in C runs', async () => {
  const told = 'x = ARRAY(SELECT pg_catalog.ai_gen($$qwen_plus$$, p) FROM own.rows WHERE own.evil() = 1)';
  await mallory.query(`
    CREATE FUNCTION own.g() RETURNS void LANGUAGE plpgsql AS $f$ DECLARE x text[]; BEGIN
      -- ${told}
      x := NULL; END $f$;
    CREATE TABLE own.lines AS SELECT $p$${told}"
PL/pgSQL function own.g() line 3 at assignment
SQL statement "more$p$ AS prompt;
    GRANT SELECT ON own.lines TO PUBLIC`);
  const run = "query_to_xml(format('SELECT ai_gen(%L, %L)', 'qwen_plus', prompt), true, false, '')";
  await alice.query(`SELECT ${run} FROM own.lines`);
  await alice.query(`DO $$ DECLARE x xml; BEGIN x := (SELECT ${run} FROM own.lines); END $$`);
  expect(await asOthers()).toBe(false);
});

test('nobody calls as a role that is only granted, past the budgets of who was granted it', async () => {
  await owner.query("GRANT hologen_maker TO alice; CALL set_budget('alice', calls_per_day => 1000)");
  await alice.query('SET ROLE hologen_maker');
  for (const made of ["ai_gen('qwen_plus', 'free')", "ai_submit('qwen_plus', 'free')"])
    await expect(alice.query(`SELECT ${made}`)).rejects.toMatchObject({
      code: '42501',
      hint: expect.stringContaining('RESET ROLE'),
    });
  await alice.query('RESET ROLE');
  await owner.query('CREATE ROLE lookers; GRANT hologen_viewer TO bob; GRANT lookers TO bob');
  const bob = await gateway.clientOf('bob');
  await bob.query('SET ROLE lookers');
  await expect(bob.query("SELECT ai_gen('qwen_plus', 'free')")).rejects.toMatchObject({ code: '42501' });
  await alice.query("SELECT ai_gen('qwen_plus', 'counted')");
});
