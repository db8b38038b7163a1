/** The SQL of the gallery: the newest jobs, and those that words find. It runs as the role that is signed in. */
import type pg from 'pg';

type Database = Pick<pg.Pool, 'query'>;

export interface JobRow {
  job_id: string;
  state: string;
  role_name: string;
  model_name: string;
  model_type: string;
  scenario: string;
  prompt: string;
  /** A text, or the JSON text of an object. */
  label: string | null;
  outputs: { url?: string; ossPath?: string }[];
  text: string | null;
  error_message: string | null;
  /** With its microseconds, as PostgreSQL writes it. */
  submitted_at: string;
  generated_at: Date | null;
  provider_request_id: string | null;
}

const promptLength = 300;
/** The request is an object where the client gave one; its prompt, else the text itself. */
const prompt = `CASE WHEN json_typeof(request) = 'object' THEN coalesce(request ->> 'prompt', request::text) ELSE request #>> '{}' END`;
export const cardColumns = `job_id, state, role_name, model_name, model_type, scenario, left(${prompt}, ${promptLength}) AS prompt, label, outputs,
  CASE WHEN scenario IN ('text', 'transcription') THEN left(result, ${promptLength}) END AS text, error ->> 'message' AS error_message, submitted_at::text, generated_at, provider_request_id`;

export interface GalleryWish {
  /** Only for the owner role: others see their own anyway. */
  role: string | null;
  model: string | null;
  state: string | null;
  kind: string | null;
  /** Each of them part of the prompt, the label or a path of what was made, in any case and order. */
  words: string[];
  /** Of anybody, on any of its outputs. */
  verdict: string | null;
  /** Times as PostgreSQL reads them: from, and before. */
  from: string | null;
  until: string | null;
  after: { submittedAt: string; jobId: string } | null;
  limit: number;
}

const kinds: Record<string, string> = {
  pictures: `scenario IN ('text-to-image', 'image-edit', 'multi-image-fusion', 'interleaved')`,
  videos: `scenario IN ('text-to-video', 'first-frame', 'first-and-last-frame', 'reference-video', 'video-edit', 'video-continuation')`,
  texts: `scenario IN ('text', 'embedding', 'transcription')`,
};

export const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whoever pastes a job's id means that one, whatever else is chosen. */
async function jobOfId(db: Database, { words, after }: GalleryWish): Promise<JobRow[]> {
  if (after) return [];
  const { rows } = await db.query<JobRow>(`SELECT ${cardColumns} FROM hologen.jobs WHERE job_id = $1`, words);
  return rows;
}

const mostWords = 8;

/** What was typed into the search, as words; `sku: A-17, size: L` is how a card writes its label. */
export function wordsOf(text: string | null): string[] {
  const words = (text ?? '').split(/\s+/).map((word) => word.replace(/(?<=.)[:,]$/, ''));
  return words.filter(Boolean).slice(0, mostWords);
}

/** Each condition is there only when asked for, so that the planner can take the index that fits. */
function conditionsOf(wish: GalleryWish) {
  const values: unknown[] = [];
  const place = (value: unknown) => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (wish.role !== null) conditions.push(`role_name = ${place(wish.role)}`);
  if (wish.model !== null) conditions.push(`model_name = ${place(wish.model)}`);
  if (wish.state !== null) conditions.push(`state = ${place(wish.state)}`);
  if (wish.kind !== null && kinds[wish.kind]) conditions.push(kinds[wish.kind] ?? '');
  if (wish.from !== null) conditions.push(`submitted_at >= ${place(wish.from)}::timestamptz`);
  if (wish.until !== null) conditions.push(`submitted_at < ${place(wish.until)}::timestamptz`);
  if (wish.verdict !== null)
    conditions.push(
      `job_id IN (SELECT r.job_id FROM hologen.reviews r WHERE r.verdict = ${place(wish.verdict)})`,
    );
  // Collation C folds the case of ASCII only, in a third of the time.
  for (const word of wish.words) {
    const like = `COLLATE "C" ILIKE ${place(`%${likeLiteral(word)}%`)}`;
    conditions.push(`((${prompt}) ${like} OR label ${like} OR outputs::text ${like})`);
  }
  if (wish.after) {
    const { submittedAt, jobId } = wish.after;
    conditions.push(`(submitted_at, job_id) < (${place(submittedAt)}::timestamptz, ${place(jobId)}::uuid)`);
  }
  return { conditions, values, place };
}

function whereOf(conditions: string[]): string {
  return conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
}

/**
 * The gallery's statement, newest first, from the jobs themselves. The inner query finds the rows, so that requests are read only for those
 * that are shown.
 */
export function galleryStatement(wish: GalleryWish): pg.QueryConfig {
  const { conditions, values, place } = conditionsOf(wish);
  return {
    text: `SELECT ${cardColumns} FROM (
      SELECT * FROM hologen.jobs ${whereOf(conditions)} ORDER BY submitted_at DESC, job_id DESC LIMIT ${place(wish.limit)}
    ) AS found ORDER BY found.submitted_at DESC, found.job_id DESC`,
    values,
  };
}

/** What words find, newest first, whatever has become of the jobs. */
function searchStatement(wish: GalleryWish): pg.QueryConfig {
  const { conditions, values, place } = conditionsOf({ ...wish, state: null, words: [] });
  // Prompts are kept in lower case, as collation C makes it.
  for (const word of wish.words) {
    const like = `LIKE lower(${place(`%${likeLiteral(word)}%`)} COLLATE "C")`;
    conditions.push(`(prompt ${like} OR names ${like})`);
  }
  return {
    text: `SELECT job_id, submitted_at::text FROM hologen.prompts ${whereOf(conditions)}
      ORDER BY prompts.submitted_at DESC, job_id DESC LIMIT ${place(wish.limit)}`,
    values,
  };
}

/**
 * The gallery's jobs, newest first. A prompt or a kind that is rare among all is looked for in hologen.prompts, which has little else to
 * read; what did not succeed is rare itself, and has its indexes.
 */
export async function listJobs(db: Database, wish: GalleryWish): Promise<JobRow[]> {
  const amongAll = wish.state === null || wish.state === 'succeeded';
  if (wish.words.length === 1 && uuidPattern.test(wish.words[0] ?? '')) return jobOfId(db, wish);
  if (!amongAll || (wish.words.length === 0 && wish.kind === null))
    return (await db.query<JobRow>(galleryStatement(wish))).rows;
  const found: JobRow[] = [];
  for await (const ids of searchPrompts(db, wish)) {
    found.push(...(await db.query<JobRow>(jobsStatement(wish, ids))).rows);
    if (found.length >= wish.limit) break;
  }
  return found.slice(0, wish.limit);
}

/** What is wished for among jobs that have its words. */
function jobsStatement(wish: GalleryWish, ids: string[]): pg.QueryConfig {
  const { conditions, values, place } = conditionsOf({ ...wish, words: [] });
  conditions.push(`job_id = ANY (${place(ids)})`);
  return {
    text: `SELECT ${cardColumns} FROM hologen.jobs ${whereOf(conditions)} ORDER BY jobs.submitted_at DESC, jobs.job_id DESC`,
    values,
  };
}

/** The jobs that were made just before and after one, as far as they have something to show; newer ones of a week, as they are not in the order that the view has. */
export async function neighboursOf(
  db: Database,
  id: string,
): Promise<{ newer: string | null; older: string | null }> {
  const { rows } = await db.query<{ newer: string | null; older: string | null }>(
    `WITH here AS MATERIALIZED (SELECT submitted_at, job_id FROM hologen.jobs WHERE job_id = $1)
     SELECT (SELECT j.job_id FROM hologen.jobs j WHERE j.submitted_at BETWEEN (SELECT submitted_at FROM here) AND (SELECT submitted_at + interval '7 days' FROM here) AND j.state = 'succeeded'
               AND (j.submitted_at, j.job_id) > (SELECT submitted_at, job_id FROM here) ORDER BY j.submitted_at, j.job_id LIMIT 1) AS newer,
            (SELECT j.job_id FROM hologen.jobs j WHERE j.submitted_at <= (SELECT submitted_at FROM here) AND j.state = 'succeeded'
               AND (j.submitted_at, j.job_id) < (SELECT submitted_at, job_id FROM here) ORDER BY j.submitted_at DESC, j.job_id DESC LIMIT 1) AS older`,
    [id],
  );
  return rows[0] ?? { newer: null, older: null };
}

const hourMs = 3_600_000;
const growth = 8;
const mostAtOnce = 10_000;
/** So many are told by their letters; more are found by looking, newest first. */
const mostKnown = 2_000;
/** No row is before it at the same time, so what comes after it leaves out what was looked through down to that time. */
const leastJobId = '00000000-0000-0000-0000-000000000000';

/**
 * Ids of jobs whose prompts fit, newest first. What fits often is found in the newest hour, without a look at all prompts; what fits seldom
 * by its letters.
 */
async function* searchPrompts(db: Database, wish: GalleryWish): AsyncGenerator<string[]> {
  const newest = [wish.after?.submittedAt, wish.until]
    .filter((time) => time != null)
    .map((time) => Date.parse(time));
  const hourBefore = new Date(Math.min(...newest, Date.now()) - hourMs).toISOString();
  const onlyThatHour = wish.from !== null && Date.parse(wish.from) >= Date.parse(hourBefore);
  const found = new Set<string>();
  for await (const ids of lookThrough(db, { ...wish, from: onlyThatHour ? wish.from : hourBefore })) {
    for (const id of ids) found.add(id);
    yield ids;
  }
  if (onlyThatHour) return;
  const known = await jobsWith(db, wish.words);
  if (known)
    return yield* inPages(
      known.filter((id) => !found.has(id)),
      wish.limit,
    );
  // Where nothing was found in that hour, all prompts are looked through without a comparison of times for each.
  const after = found.size > 0 ? { submittedAt: hourBefore, jobId: leastJobId } : wish.after;
  yield* lookThrough(db, { ...wish, after });
}

async function* lookThrough(db: Database, wish: GalleryWish): AsyncGenerator<string[]> {
  let { after, limit } = wish;
  for (let more = true; more; limit = nextLimit(limit)) {
    const statement = searchStatement({ ...wish, after, limit });
    const { rows } = await db.query<{ job_id: string; submitted_at: string }>(statement);
    const last = rows.at(-1);
    if (last) after = { submittedAt: last.submitted_at, jobId: last.job_id };
    if (last) yield rows.map((row) => row.job_id);
    more = rows.length === limit;
  }
}

/** All jobs that have the words, newest first. Undefined: there are very many, or it cannot be told by their letters, or not to whom some were shared with. */
async function jobsWith(db: Database, words: string[]): Promise<string[] | undefined> {
  if (words.length === 0) return;
  const { rows } = await db.query<{ ids: string[] | null }>(
    'SELECT hologen_caller.jobs_with($1, $2) AS ids',
    [words, mostKnown],
  );
  return rows[0]?.ids ?? undefined;
}

function* inPages(ids: string[], first: number): Generator<string[]> {
  for (let from = 0, limit = first; from < ids.length; from += limit, limit = nextLimit(limit))
    yield ids.slice(from, from + limit);
}

function nextLimit(limit: number): number {
  return Math.min(limit * growth, mostAtOnce);
}

function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
