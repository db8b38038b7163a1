/** Tools that look around find a word about everything that is for clients. */
import { expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';

test('every function, view and column of the schema hologen has a comment, and each function that is found by its bare name', async () => {
  await using gateway = await startTestGateway();
  const client = await gateway.client();
  const { rows } = await client.query(`
    SELECT oid::regprocedure::text AS name FROM pg_proc p
    WHERE obj_description(oid, 'pg_proc') IS NULL AND (pronamespace = 'hologen'::regnamespace
      OR pronamespace = 'pg_catalog'::regnamespace AND oid >= 16384 AND EXISTS (
        SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.pronamespace = 'hologen'::regnamespace))
    UNION ALL
    SELECT c.oid::regclass::text || coalesce('.' || attname, '') FROM pg_class c
    LEFT JOIN LATERAL (SELECT NULL::name AS attname, 0 AS attnum UNION ALL SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS a ON true
    WHERE relnamespace = 'hologen'::regnamespace AND relkind = 'v' AND coalesce(col_description(c.oid, nullif(a.attnum, 0)), CASE WHEN attnum = 0 THEN obj_description(c.oid, 'pg_class') END) IS NULL`);
  expect(rows).toEqual([]);
  const words = await client.query(
    "SELECT obj_description('hologen.ai_gen(text)'::regprocedure, 'pg_proc') AS what",
  );
  expect(words.rows[0].what).toMatch(/Calls a model/);
});
