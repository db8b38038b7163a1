/** Whether calls were made at once, by what their prompts say of the way in which they were asked for. */
import type { TestGateway } from '../gateway.js';

/** The ways whose calls overlapped, of those whose names begin so, and the others. */
export async function waysOf(
  gateway: TestGateway,
  beginning: string,
): Promise<{ atOnce: string[]; oneByOne: string[] }> {
  const client = await gateway.client();
  const { rows } = await client.query<{ way: string; together: boolean }>(
    `WITH made AS (SELECT job_id, regexp_replace(request #>> '{}', '^\\[\\[.*\\]\\] \\d ', '') AS way, started_at, finished_at FROM hologen.jobs)
     SELECT a.way, bool_or(a.started_at < b.finished_at AND b.started_at < a.finished_at) AS together
     FROM made a JOIN made b ON a.way = b.way AND a.job_id <> b.job_id WHERE a.way LIKE $1 || '%' GROUP BY 1 ORDER BY 1`,
    [beginning],
  );
  const ways = (wanted: boolean) => rows.filter(({ together }) => together === wanted).map(({ way }) => way);
  return { atOnce: ways(true), oneByOne: ways(false) };
}

/** Of each way whose name begins so, how many of its calls ran together at the most. */
export async function mostTogether(gateway: TestGateway, beginning: string): Promise<Record<string, number>> {
  const client = await gateway.client();
  const { rows } = await client.query<{ way: string; most: number }>(
    `WITH made AS (SELECT job_id, regexp_replace(request #>> '{}', '^\\[\\[.*\\]\\] \\d ', '') AS way, started_at, finished_at FROM hologen.jobs),
       counted AS (SELECT a.way, count(*)::int AS number FROM made a JOIN made b ON a.way = b.way AND b.started_at <= a.started_at AND a.started_at < b.finished_at
         GROUP BY a.way, a.job_id)
     SELECT way, max(number) AS most FROM counted WHERE way LIKE $1 || '%' GROUP BY 1`,
    [beginning],
  );
  return Object.fromEntries(rows.map(({ way, most }) => [way, most]));
}
