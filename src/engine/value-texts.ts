/** Values in a type's binary form, as text: the engine itself reads them. */
import type { EnginePool } from './pool.js';

/** The engine's own types alone: the input of any other one is somebody's code, and would run with the gateway's rights. */
const ownTypes =
  /^(smallint|integer|bigint|real|double precision|numeric|boolean|text|character varying|character|bytea|json|jsonb|uuid|date|interval|(time|timestamp) with(out)? time zone)(\[\])?$/;

/** The values as text, those that are text already included. `types`: by name. An error if one is not of the engine's own types. */
export function readValues(pool: EnginePool) {
  return (types: string[], values: (string | Buffer | null)[]): Promise<(string | null)[]> =>
    Promise.all(
      values.map((value, index) =>
        Buffer.isBuffer(value) ? textOf(pool, value, types[index] ?? '') : value,
      ),
    );
}

async function textOf(pool: EnginePool, value: Buffer, type: string): Promise<string> {
  if (!ownTypes.test(type)) throw new Error(`values of ${type} are not read`);
  const { rows } = await pool.query(`SELECT $1::${type}::text AS value`, [value]);
  return String(rows[0]?.value);
}
