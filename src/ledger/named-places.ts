/** Places that sessions name in one word: a directory, and the right to it. */
import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import type { FileFields } from '../storage/file-value.js';

export interface NamedPlaces {
  /** KnownError 42704 when there is no place of this name. */
  find(name: string): Promise<FileFields>;
  /** Takes the place of what the name meant before. */
  set(name: string, place: FileFields, setBy: string): Promise<void>;
  /** KnownError 42704 when there is no place of this name. */
  remove(name: string): Promise<void>;
}

const mostNamed = 20;

export function createNamedPlaces(pool: EnginePool): NamedPlaces {
  async function unknownPlace(name: string): Promise<KnownError> {
    const { rows } = await pool.query<{ place_name: string }>(
      'SELECT place_name FROM hologen_internal.place ORDER BY 1 LIMIT $1',
      [mostNamed],
    );
    const known = rows.map((row) => row.place_name).join(', ');
    return new KnownError({
      kind: 'undefinedObject',
      message: `there is no place "${name}"`,
      hint: known
        ? `Places: ${known}. An administrator sets others with CALL set_place(…).`
        : `An administrator sets one: CALL set_place('${name}', 'oss://bucket/path/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::<account>:role/<name>').`,
    });
  }
  return {
    async find(name) {
      const { rows } = await pool.query<FileFields>({
        name: 'find-place',
        text: 'SELECT oss_path, oss_endpoint, role_arn FROM hologen_internal.place WHERE place_name = $1',
        values: [name],
      });
      if (rows[0]) return rows[0];
      throw await unknownPlace(name);
    },
    async set(name, place, setBy) {
      await pool.query(
        `INSERT INTO hologen_internal.place (place_name, oss_path, oss_endpoint, role_arn, set_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (place_name) DO UPDATE SET oss_path = excluded.oss_path, oss_endpoint = excluded.oss_endpoint,
           role_arn = excluded.role_arn, set_by = excluded.set_by, set_at = clock_timestamp()`,
        [name, place.oss_path, place.oss_endpoint, place.role_arn, setBy],
      );
    },
    async remove(name) {
      const { rowCount } = await pool.query('DELETE FROM hologen_internal.place WHERE place_name = $1', [
        name,
      ]);
      if (rowCount === 0) throw await unknownPlace(name);
    },
  };
}
