/** Results that may be given to later calls, in the ledger: left, found, and claimed when they have reached a client for good. */
import type { EnginePool } from '../engine/pool.js';
import type { Writers } from './after-the-end.js';
import { inBatches } from './batches.js';
import { type Earlier, type EarlierWish, type Ledger, roleKey } from './job.js';
import * as statements from './ledger-sql.js';

type OfEarlier = 'abandon' | 'findEarlier' | 'claim' | 'unclaim' | 'reused';

/** `gatewayId`: whose calls ask. */
export function earlier(
  pool: EnginePool,
  gatewayId: string,
  { query, surely }: Writers,
): Pick<Ledger, OfEarlier> {
  return {
    async abandon(ids) {
      if (ids.length > 0) await surely('abandon-jobs', statements.abandon, [ids]);
    },
    async claim(ids) {
      await surely('claim-jobs', statements.claim, [ids]);
    },
    async unclaim(ids) {
      await surely('unclaim-jobs', statements.unclaim, [ids]);
    },
    findEarlier: inBatches(
      (wish: EarlierWish) => `${roleKey(wish)} ${wish.requestKey}`,
      (wishes) => findEarlier(pool, gatewayId, wishes),
    ),
    async reused(jobId, { origin, statementId, statementText, modelName, modelType, currency, tag }) {
      const { role, roleOid, database, application, statementAt } = origin;
      const who = [role, database, application, statementId, statementText, statementAt];
      await query('reused-job', statements.reused, [
        jobId,
        ...who,
        modelName,
        modelType,
        currency,
        roleOid,
        tag,
      ]);
    },
  };
}

async function findEarlier(pool: EnginePool, gatewayId: string, wishes: EarlierWish[]): Promise<Earlier[][]> {
  const { rows } = await pool.query<EarlierRow>({
    name: 'find-earlier',
    text: statements.findEarlier,
    values: [JSON.stringify(wishes), gatewayId],
  });
  const found: Earlier[][] = wishes.map(() => []);
  for (const { place, id, result, files, model_name, model_type, prompt } of rows) {
    if (id === null) continue;
    const madeAs = { model: model_name ?? '', modelType: model_type ?? '', prompt: prompt ?? undefined };
    found[place - 1]?.push({ id, result: result ?? undefined, files: files ?? [], madeAs });
  }
  return found;
}

interface EarlierRow {
  place: number;
  id: string | null;
  result: string | null;
  files: Earlier['files'] | null;
  model_name: string | null;
  model_type: string | null;
  prompt: string | null;
}
