/** Whether this gateway takes new calls: it is told so for the time it runs, and the engine's table tells the others. */
import type { EnginePool } from '../engine/pool.js';
import { isLive } from './living-gateways.js';
import { openStates } from './states.js';

export interface Drain {
  by: string;
  since: Date;
}

export interface LivingGateway {
  id: string;
  isThis: boolean;
  /** Undefined: it takes new calls. */
  drain: Drain | undefined;
  /** Open jobs, those of ai_submit among them. */
  openCalls: number;
}

export interface Draining {
  /** By whose word it takes no new calls, and since when; undefined: it takes them. */
  readonly drain: Drain | undefined;
  /** Takes none from now on; drained already, it stays so by whom it was. */
  begin(by: string): Promise<void>;
  end(): Promise<void>;
  /** Those that live, this one first. */
  gateways(): Promise<LivingGateway[]>;
}

export function createDraining(pool: EnginePool, gatewayId: string): Draining {
  let drain: Drain | undefined;
  const write = ({ by, since }: Partial<Drain>) =>
    pool.query(
      'UPDATE hologen_internal.living_gateway SET draining_since = $2, drained_by = $3 WHERE gateway_id = $1',
      [gatewayId, since, by],
    );
  return {
    get drain() {
      return drain;
    },
    async begin(by) {
      drain ??= { by, since: new Date() };
      await write(drain);
    },
    async end() {
      drain = undefined;
      await write({});
    },
    async gateways() {
      const { rows } = await pool.query(listLiving);
      const others = rows.map(
        ({ gateway_id, draining_since: since, drained_by: by, open_calls }): LivingGateway => ({
          id: gateway_id,
          isThis: gateway_id === gatewayId,
          drain: since === null ? undefined : { by, since },
          openCalls: open_calls,
        }),
      );
      return others.sort((one, other) => Number(other.isThis) - Number(one.isThis));
    },
  };
}

const listLiving = `
  SELECT gateway_id, draining_since, drained_by,
    (SELECT count(*)::int FROM hologen_internal.job WHERE job.gateway_id = living_gateway.gateway_id AND state IN (${openStates})) AS open_calls
  FROM hologen_internal.living_gateway WHERE ${isLive('gateway_id')} ORDER BY gateway_id`;
