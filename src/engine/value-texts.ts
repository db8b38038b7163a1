/** Values in a type's binary form, as text: the engine itself reads them. */
import type { EnginePool } from './pool.js';

/** The engine's own types alone: the input of any other one is somebody's code, and would run with the gateway's rights. */
const ownTypes =
  /^(smallint|integer|bigint|real|double precision|numeric|boolean|text|character varying|bpchar|bytea|json|jsonb|uuid|date|interval|(time|timestamp) with(out)? time zone)(\[\])?$/;
/** PostgreSQL takes 65,535 parameters in a statement. */
const most = 10_000;

/** The values as text, those that are text already included. `types`: by name. An error if one is not of the engine's own types. */
export function readValues(pool: EnginePool) {
  return async (types: string[], values: (string | Buffer | null)[]): Promise<(string | null)[]> => {
    const texts = [...values];
    const binary = values.flatMap((value, index) => (Buffer.isBuffer(value) ? [index] : []));
    for (let from = 0; from < binary.length; from += most) {
      const some = binary.slice(from, from + most);
      const read = await textsOf(
        pool,
        some.map((index) => types[index] ?? ''),
        some.map((index) => values[index]),
      );
      for (const [at, index] of some.entries()) texts[index] = read[at] ?? null;
    }
    return texts as (string | null)[];
  };
}

async function textsOf(pool: EnginePool, types: string[], values: unknown[]): Promise<string[]> {
  const other = types.find((type) => !ownTypes.test(type));
  if (other !== undefined) throw new Error(`values of ${other} are not read`);
  const each = types.map((type, index) => `$${index + 1}::${type}::text`);
  const { rows } = await pool.query(`SELECT ARRAY[${each.join(', ')}] AS texts`, values);
  return rows[0]?.texts ?? [];
}
