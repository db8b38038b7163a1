/** Verdicts on what was made, of those who look: read with the cards, written as the role that is signed in. */
import type pg from 'pg';
import type { Json } from '../../json.js';
import type { Verdict } from './answers.js';
import { optionalNumber, optionalText, requiredText } from './exchange.js';

interface ReviewRow {
  job_id: string;
  output: number;
  verdict: Verdict['verdict'];
  remark: string | null;
  role_name: string;
}

/** By job. */
export async function verdictsOn(pool: pg.Pool, jobIds: string[]): Promise<Map<string, Verdict[]>> {
  if (jobIds.length === 0) return new Map();
  const { rows } = await pool.query<ReviewRow>(
    'SELECT job_id, output, verdict, remark, role_name FROM hologen.reviews WHERE job_id = ANY ($1) ORDER BY reviewed_at',
    [jobIds],
  );
  const byJob = new Map<string, Verdict[]>();
  for (const { job_id: id, role_name: role, ...rest } of rows)
    byJob.set(id, [...(byJob.get(id) ?? []), { role, ...rest }]);
  return byJob;
}

/** Those who administer nothing have sessions that only read; a verdict is theirs to write all the same. */
export async function review(pool: pg.Pool, body: Json): Promise<void> {
  const values = [
    requiredText(body, 'job'),
    optionalText(body, 'verdict'),
    optionalText(body, 'remark'),
    optionalNumber(body, 'output') ?? 0,
  ];
  const client = await pool.connect();
  try {
    await client.query('BEGIN READ WRITE');
    await client.query('CALL hologen.review($1, $2, $3, $4)', values);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
