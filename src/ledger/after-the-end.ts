/** What is done in the ledger when a job or a statement is over: failures are asked for again, and webhooks are told of statements. */
import { storableJson } from '../json.js';
import type { Ledger } from './job.js';
import * as statements from './ledger-sql.js';

/** A prepared statement; an engine that is away is waited for. */
// biome-ignore lint/suspicious/noExplicitAny: rows have the columns that the statement names
export type Query = (name: string, text: string, values: unknown[]) => Promise<any[]>;

/** `surely`: tried until the engine takes it, for what nobody would write down later. */
export interface Writers {
  query: Query;
  surely: Query;
}

export function retrying(query: Query): Pick<Ledger, 'claimRetry' | 'answeredBy' | 'retried'> {
  return {
    async claimRetry({ id, who, among, claimId, dry }) {
      const whose = [id, who.role, who.roleOid, among];
      const [job] = dry
        ? await query('find-retry', statements.findRetry, whose)
        : await query('claim-retry', statements.claimRetry, [...whose, claimId]);
      return job;
    },
    async answeredBy(id, { role, roleOid }, among) {
      const whose = [id, role, roleOid, among];
      const [last] = await query('answered-by', statements.answeredBy, whose);
      const [later] = last ? [last] : await query('made-since', statements.madeSince, whose);
      return later?.id;
    },
    async retried(id, claimId, handle) {
      await query('retried-job', statements.retried, [id, claimId, handle]);
    },
  };
}

export function telling(query: Query): Pick<Ledger, 'tellStatementEnd'> {
  return {
    async tellStatementEnd({ id, origin, tag, webhook, outcome, calls, failed }) {
      const { role, application } = origin;
      const data = { statement_id: id, outcome, role_name: role, application_name: application };
      const body = {
        type: 'statement.ended',
        timestamp: new Date().toISOString(),
        data: { ...data, tag: tag ?? null, calls, failed },
      };
      await query('tell-statement-end', statements.tellStatementEnd, [
        ...[storableJson(body), role, tag, webhook],
      ]);
    },
  };
}
