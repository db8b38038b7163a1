/** Which model types are paused, in the engine's own table: one word for all gateways, which survives them. */
import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import type { Pause } from '../pace/schedule.js';
import { tellGateways } from './gateways.js';

export interface Pauses {
  /** What is in force; a pause that was set at another gateway is heard of by news. */
  list(): Promise<Pause[]>;
  /** Pauses a model type, or says anew by whom and why it is. */
  set(modelType: string, by: string, why: string | undefined): Promise<void>;
  /** KnownError 42704 when it is not paused. */
  remove(modelType: string): Promise<void>;
}

export const pauseNews = 'pauses';

export function createPauses(pool: EnginePool): Pauses {
  const list = async () => {
    const { rows } = await pool.query(
      'SELECT model_type, paused_by, paused_at, why FROM hologen_internal.pause ORDER BY 1',
    );
    return rows.map(({ model_type, paused_by, paused_at, why }) => ({
      modelType: model_type,
      by: paused_by,
      since: paused_at,
      why: why ?? undefined,
    }));
  };
  return {
    list,
    async set(modelType, by, why) {
      await pool.query(
        `INSERT INTO hologen_internal.pause (model_type, paused_by, why) VALUES ($1, $2, $3)
         ON CONFLICT (model_type) DO UPDATE SET paused_by = excluded.paused_by, why = excluded.why`,
        [modelType, by, why],
      );
      await tellGateways(pool, pauseNews);
    },
    async remove(modelType) {
      const { rowCount } = await pool.query('DELETE FROM hologen_internal.pause WHERE model_type = $1', [
        modelType,
      ]);
      if (rowCount === 0) {
        const paused = (await list()).map((pause) => pause.modelType).join(', ');
        throw new KnownError({
          kind: 'undefinedObject',
          message: `${modelType} is not paused`,
          hint: `Paused: ${paused || 'none'}. hologen.queues shows since when, and by whom.`,
        });
      }
      await tellGateways(pool, pauseNews);
    },
  };
}
