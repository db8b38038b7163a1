/** What generated statements find in the database: small tables with NULLs and duplicates, functions of each volatility, views, rules, triggers. */
import { tables as otherTables } from '../statement-generator.js';

const tables = `
  CREATE TABLE s (id int PRIMARY KEY, p text, k int, v numeric(8,2), name varchar(10), tags text[], js jsonb, at date);
  INSERT INTO s VALUES (1, 'fox', 1, 1.25, 'a', '{x,y}', '{"a": "one"}', '2026-01-01'), (2, 'owl', 0, 2.5, 'b', '{}', NULL, '2026-01-02'),
    (3, 'fox', 1, NULL, 'c', NULL, '{"a": null}', NULL), (4, NULL, 2, 4, NULL, '{z}', '{"fox": "two"}', '2026-01-04'),
    (5, 'elk', NULL, 5.5, 'a', '{x,NULL}', '{}', '2026-01-05');
  CREATE TABLE u (id int, style text, k int);
  INSERT INTO u VALUES (1, 'ink', 1), (1, 'oil', 0), (2, 'ink', 1), (4, NULL, 2), (9, 'wax', NULL);
  CREATE TABLE o (id serial PRIMARY KEY, n int DEFAULT 7, r text DEFAULT 'none', r2 varchar(60), len int GENERATED ALWAYS AS (length(r)) STORED);
  CREATE TABLE products (slug text PRIMARY KEY, title text, r text);
  CREATE TABLE w (id int, p text, k int, r text, r2 text, n int DEFAULT 0);
  INSERT INTO w VALUES (1, 'fox', 1, NULL, NULL), (2, 'owl', 0, 'old', NULL), (2, 'owl', 0, 'old', NULL), (3, NULL, 1, '', 'x'), (4, 'elk', 2, NULL, NULL);
  CREATE TABLE foxes (id int PRIMARY KEY, p text, k int, r text, tags text[]);
  INSERT INTO foxes SELECT i, 'fox ' || i, i % 2, NULL, ARRAY['a' || i, 'b'] FROM generate_series(1, 4) i;
  CREATE TABLE log (r text);
  CREATE SEQUENCE numbers`;

const functions = `
  CREATE FUNCTION imm(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '[' || x || ']' $$;
  CREATE FUNCTION imm_strict(x text, y text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN RETURN x || '/' || y; END $$;
  CREATE FUNCTION stab(x text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT x || '+' || (SELECT count(*) FROM s) $$;
  CREATE FUNCTION vol(x text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN x || '#' || nextval('numbers'); END $$;
  CREATE FUNCTION noted(x text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE NOTICE 'noted %', x; RETURN x; END $$;
  CREATE FUNCTION how_many() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT count(*)::int FROM o $$;
  CREATE FUNCTION how_many_then() RETURNS int LANGUAGE sql STABLE AS $$ SELECT count(*)::int FROM o $$;
  CREATE FUNCTION how_many_pl() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN (SELECT count(*) FROM w WHERE r IS NOT NULL); END $$;
  CREATE FUNCTION unique_slug(title text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
    DECLARE n int := 1; free text := title;
    BEGIN WHILE EXISTS (SELECT 1 FROM products p WHERE p.slug = free) LOOP n := n + 1; free := unique_slug.title || '-' || n; END LOOP; RETURN free; END $$;
  CREATE FUNCTION paint(x text) RETURNS text LANGUAGE sql AS $$ SELECT ai_gen('m30', x) $$;
  CREATE FUNCTION paint_pl(x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ai_gen('m29', x) || '!'; END $$;
  CREATE FUNCTION paint_all(most int) RETURNS TABLE (n int, r text) LANGUAGE plpgsql AS $$
    BEGIN RETURN QUERY SELECT id, ai_gen('m28', p) FROM s WHERE id <= most AND p IS NOT NULL ORDER BY id; END $$;
  CREATE FUNCTION paint_set(most int) RETURNS SETOF text LANGUAGE sql AS $$ SELECT ai_gen('m27', p) FROM s WHERE id <= most AND p IS NOT NULL ORDER BY id $$;
  CREATE FUNCTION paint_loop(most int) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE made text := ''; row record;
    BEGIN FOR row IN SELECT id, ai_gen('m26', p) AS r FROM s WHERE id <= most AND p IS NOT NULL ORDER BY id LOOP made := made || row.r; END LOOP; RETURN made; END $$;
  CREATE TYPE pair AS (a text, b int);
  CREATE FUNCTION pair_of(x text) RETURNS pair LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(x, length(x))::pair $$;
  CREATE FUNCTION pairs_of(x text) RETURNS SETOF pair LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(x, i)::pair FROM generate_series(1, 2) i $$;
  CREATE FUNCTION first_of(x text, y text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(x, y) $$;
  CREATE FUNCTION random_half(x text, y text) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT random() < 0.5 AND x IS DISTINCT FROM y $$;
  CREATE FUNCTION painted_like(x text, y text) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT ai_gen('m25', x) <> y $$;
  CREATE OPERATOR //? (FUNCTION = first_of, LEFTARG = text, RIGHTARG = text);
  CREATE OPERATOR <~> (FUNCTION = random_half, LEFTARG = text, RIGHTARG = text);
  CREATE OPERATOR <%%> (FUNCTION = painted_like, LEFTARG = text, RIGHTARG = text);
  CREATE AGGREGATE joined (text) (SFUNC = textcat, STYPE = text, INITCOND = '');`;

const views = `
  CREATE VIEW painted AS SELECT id, p, ai_gen('m24', coalesce(p, 'none')) AS r FROM s;
  CREATE VIEW painted_more AS SELECT id, r, imm(r) AS framed FROM painted WHERE id < 4;
  CREATE VIEW chosen AS SELECT id, p, k FROM s WHERE random() < 0.6;
  CREATE VIEW numbered AS SELECT id, p, nextval('numbers') AS number FROM s;
  CREATE VIEW plain AS SELECT id, p, k, r, r2, n FROM w WHERE id < 4;
  CREATE VIEW kinds AS SELECT k, string_agg(p, ',' ORDER BY id) AS p FROM s GROUP BY k;
  CREATE TABLE ruled (id int, r text);
  CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO log VALUES (NEW.r);
  CREATE TABLE redirected (id int, r text);
  CREATE RULE redirect AS ON INSERT TO redirected DO INSTEAD INSERT INTO log VALUES (NEW.id || ' ' || NEW.r);
  CREATE TABLE changes (id int, r text);
  INSERT INTO changes VALUES (1, 'a'), (2, 'b');
  CREATE RULE changed AS ON UPDATE TO changes DO ALSO INSERT INTO log VALUES (OLD.r || '>' || NEW.r);
  CREATE TABLE watched (id int, r text, r2 text);
  INSERT INTO watched VALUES (1, 'a', NULL), (2, 'b', NULL);
  CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE NOTICE 'noted % % %', TG_OP, NEW.id, (SELECT count(*) FROM watched); NEW.r2 := NEW.r; RETURN NEW; END $$;
  CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
  CREATE TABLE self_painted (id int, p text, r text);
  CREATE FUNCTION paint_self() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.r := ai_gen('m23', NEW.p); RETURN NEW; END $$;
  CREATE TRIGGER paint_self BEFORE INSERT OR UPDATE ON self_painted FOR EACH ROW EXECUTE FUNCTION paint_self();
  CREATE TABLE owned (id int, p text, owner text, r text);
  INSERT INTO owned VALUES (1, 'fox', 'painter', NULL), (2, 'owl', 'other', NULL), (3, 'elk', 'painter', NULL);
  ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON owned USING (owner = current_user);
  CREATE TABLE parts (id int, p text, k int, r text) PARTITION BY LIST (k);
  CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
  CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
  INSERT INTO parts SELECT id, p, k, NULL FROM s`;

/** What is compared afterwards, and how a run begins where the one before it did. */
const looks = `
  CREATE FUNCTION tables_now() RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
    DECLARE each record;
    BEGIN
      FOR each IN SELECT c.oid::regclass AS name FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'm') AND c.relnamespace IN ('public'::regnamespace, 'other'::regnamespace, pg_my_temp_schema()) ORDER BY c.relnamespace, c.relname LOOP
        RETURN QUERY EXECUTE format('SELECT %L || x::text FROM %s x ORDER BY x::text', each.name || ': ', each.name);
      END LOOP;
    END $$;
  CREATE FUNCTION sequences_now() RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT 'numbers ' || last_value || is_called FROM numbers UNION ALL SELECT 'o ' || last_value || is_called FROM o_id_seq UNION ALL
    SELECT 'other o ' || last_value || is_called FROM other.o_id_seq $$;
  CREATE FUNCTION restart_sequences() RETURNS void LANGUAGE sql AS $$
    SELECT setval('numbers', 1, false), setval('o_id_seq', 1, false), setval('other.o_id_seq', 1, false); $$;`;

const roles = `
  DO $$ BEGIN CREATE ROLE painter; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
  GRANT USAGE ON SCHEMA public TO painter;
  GRANT ALL ON ALL TABLES IN SCHEMA public TO painter;
  GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO painter;`;

/** The tables of ../statement-generator.ts, in a schema of their own. */
const others = `CREATE SCHEMA other; SET search_path = other, public, hologen_names; ${otherTables}; RESET search_path;
  GRANT USAGE ON SCHEMA other TO painter`;

export const catalogue = [tables, functions, views, roles, others, looks].join(';\n');

/** The tables of both schemas, by names that are nobody else's. */
const keptNames = `
  SELECT c.oid::regclass AS name, c.relkind, format('kept.%I', 'kept_' || n.nspname || '_' || c.relname) AS kept,
    (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND n.nspname IN ('public', 'other')`;

export const kept = `CREATE SCHEMA kept;
  DO $$ DECLARE each record; BEGIN
    FOR each IN ${keptNames} LOOP
      EXECUTE format('CREATE TABLE %s AS SELECT %s FROM ONLY %s ORDER BY ctid', each.kept, each.columns, each.name);
    END LOOP;
  END $$`;

/** As they were, and in the order in which they were filled. No function: what functions may run raises doubts of its own. */
export const restored = `DO $$ DECLARE each record; same boolean; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN ${keptNames} LOOP
      IF to_regclass(each.kept) IS NULL THEN
        EXECUTE format('DROP %s %s CASCADE', CASE each.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, each.name);
        CONTINUE;
      END IF;
      EXECUTE format('SELECT (SELECT array_agg(x.told ORDER BY place) FROM (SELECT ctid AS place, ROW(%1$s)::text AS told FROM ONLY %2$s) x) IS NOT DISTINCT FROM
        (SELECT array_agg(x.told ORDER BY place) FROM (SELECT ctid AS place, ROW(%1$s)::text AS told FROM %3$s) x)', each.columns, each.name, each.kept) INTO same;
      CONTINUE WHEN same;
      EXECUTE format('TRUNCATE ONLY %s', each.name);
      EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %3$s ORDER BY ctid', each.name, each.columns, each.kept);
    END LOOP;
  END $$`;
