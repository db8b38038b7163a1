/** What *Try* remembers from the ledger: statements that called, and places that were saved to. */
import type pg from 'pg';
import type { PastStatement, PlaceOfFiles } from './answers.js';
import { cardColumns, type JobRow } from './gallery.js';

const lookedAt = 500;
const mostStatements = 30;
const mostPlaces = 20;

/** The role's own, newest first, whatever they were sent with. */
export async function listHistory(db: Pick<pg.Pool, 'query'>): Promise<PastStatement[]> {
  const { rows } = await db.query<PastStatement & { at: Date }>(
    `SELECT statement, statement_at AS at, count(*)::int AS calls, count(*) FILTER (WHERE state IN ('failed', 'cancelled', 'unanswered'))::int AS failed,
       count(*) FILTER (WHERE state IN ('submitted', 'running', 'saving'))::int AS open, sum(price)::float8 AS price, min(currency) AS currency
     FROM (SELECT * FROM hologen.jobs WHERE role_name = current_user ORDER BY submitted_at DESC, job_id DESC LIMIT ${lookedAt}) AS newest
     WHERE statement IS NOT NULL GROUP BY statement, statement_at ORDER BY statement_at DESC LIMIT ${mostStatements}`,
  );
  return rows.map(({ at, ...past }) => ({ ...past, at: at.toISOString() }));
}

/** The places that administrators have named, then directories that the role's own calls were saved in, each with the FILE that it was written with. */
export async function listPlaces(db: Pick<pg.Pool, 'query'>): Promise<PlaceOfFiles[]> {
  const { rows } = await db.query<PlaceOfFiles>(
    `WITH named AS (SELECT DISTINCT ON (oss_path) oss_path, json_build_object('oss_path', oss_path, 'oss_endpoint', oss_endpoint, 'role_arn', role_arn) AS file
       FROM hologen.places ORDER BY oss_path, place_name LIMIT ${mostPlaces}),
     used AS (SELECT DISTINCT ON (request ->> 'output_dir') request ->> 'output_dir' AS oss_path, file
       FROM (SELECT * FROM hologen.jobs WHERE role_name = current_user ORDER BY submitted_at DESC, job_id DESC LIMIT ${lookedAt}) AS newest
       WHERE json_typeof(request) = 'object' AND request ->> 'output_dir' LIKE '%/' AND file IS NOT NULL AND state = 'succeeded'
       ORDER BY request ->> 'output_dir', submitted_at DESC LIMIT ${mostPlaces})
     SELECT oss_path AS "outputDir", file FROM named
     UNION ALL SELECT oss_path, to_json(file) FROM used WHERE oss_path NOT IN (SELECT n.oss_path FROM named n)`,
  );
  return rows;
}

const mostLive = 48;

/** What the console's own statement, which began then, has made so far. */
export async function jobsSince(db: Pick<pg.Pool, 'query'>, startedAt: number): Promise<JobRow[]> {
  const { rows } = await db.query<JobRow>(
    `SELECT ${cardColumns} FROM hologen.jobs WHERE role_name = current_user AND application_name = 'hologen console' AND submitted_at >= $1
       AND outputs <> '[]' ORDER BY jobs.submitted_at DESC, jobs.job_id DESC LIMIT ${mostLive}`,
    [new Date(startedAt)],
  );
  return rows.reverse();
}
