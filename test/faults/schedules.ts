/** A schedule of faults: one statement with a few calls, what its client does, and what strikes meanwhile. All of it follows from a seed. */
import type pg from 'pg';
import { fileOf, generate, kinds, mediaKinds, requestOf, type Wanted, wish } from '../calls/crash-calls.js';
import type { Chaos } from './chaos.js';

export interface Schedule {
  number: number;
  calls: Wanted[];
  /**
   * select: a statement that is run again until it succeeds. careful: the same, but a function catches that a wait is cancelled. submit: ai_submit,
   * then ai_wait. insert: INSERT … SELECT, once.
   */
  form: 'select' | 'careful' | 'submit' | 'insert';
  /** Milliseconds after which its client gives up the first time, and runs it again. */
  givesUpAfter: number | undefined;
  /** Milliseconds after which a wait is cancelled the first time, where a function catches that. */
  careful: number;
  /** So often that has happened. */
  caught: number;
  handles: Map<string, string>;
  /** What its client has: it does not ask for that again. */
  made: Map<string, string>;
}

export const allKinds = [...kinds, ...mediaKinds];
const forms: Schedule['form'][] = ['select', 'select', 'select', 'careful', 'submit', 'insert'];

export function scheduleOf(number: number, { number: draw }: Chaos): Schedule {
  const about = (what: string) => draw(`schedule ${number} ${what}`);
  const kind = Math.floor(about('kind') * allKinds.length);
  const saved = about('saved') < 0.4;
  const count = 1 + Math.floor(about('calls') ** 2 * 5);
  return {
    number,
    calls: Array.from({ length: count }, (_, call) => wish(`s${number}c${call}-`, kind, saved, allKinds)),
    form: forms[Math.floor(about('form') * forms.length)] as Schedule['form'],
    givesUpAfter: about('gives up') < 0.25 ? about('patience') * 1500 : undefined,
    careful: 100 + about('careful') * 900,
    caught: 0,
    handles: new Map(),
    made: new Map(),
  };
}

/** What catches cancels. */
export const carefulFunction = `CREATE FUNCTION careful(model text, request text, media hologen.file) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN RETURN ai_gen(model, request, media); EXCEPTION WHEN query_canceled THEN RETURN NULL; END $$`;

/** One run of the schedule's statement, so many before it; word -> result. */
export async function runOnce(
  client: pg.Client,
  schedule: Schedule,
  run: number,
): Promise<Map<string, string>> {
  switch (schedule.form) {
    case 'select':
      return select(client, schedule);
    case 'careful':
      return selectCarefully(client, schedule, run);
    case 'submit':
      return submitAndWait(client, schedule);
    case 'insert':
      return insert(client, schedule);
  }
}

async function select(client: pg.Client, { calls, made }: Schedule): Promise<Map<string, string>> {
  const left = calls.filter(({ word }) => !made.has(word));
  for (const [word, result] of await generate(client, left)) if (isFilm(result)) made.set(word, result);
  if (made.size < calls.length) throw new Error('a film came to nothing');
  return made;
}

/** One of its waits is cancelled, and the statement goes on without its result. */
async function selectCarefully(
  client: pg.Client,
  schedule: Schedule,
  run: number,
): Promise<Map<string, string>> {
  const { calls, made, careful } = schedule;
  const left = calls.filter(({ word }) => !made.has(word));
  const { model, file } = argumentsOf(left[0] as Wanted);
  await client.query(`SET statement_timeout = ${Math.round(careful * 2 ** Math.min(run, 8))}`);
  const { rows } = await client.query(
    `SELECT word, careful($1, request, ${file}) AS result FROM unnest($2::text[], $3::text[]) AS wanted (word, request)`,
    [model, left.map(({ word }) => word), left.map((call) => argumentsOf(call).request)],
  );
  schedule.caught += rows.filter(({ result }) => result === null).length;
  for (const { word, result } of rows) if (result && isFilm(result)) made.set(word, result);
  if (made.size < calls.length) throw new Error('one was cancelled, or came to nothing');
  return made;
}

/** A film whose task has failed gives a value too, which says why. */
function isFilm(result: string): boolean {
  return !/"task_status":\s*"FAILED"/.test(result);
}

/** Handles outlive every loss; one whose answer was lost is found in hologen.jobs, as a person would find it. */
async function submitAndWait(client: pg.Client, { calls, handles }: Schedule): Promise<Map<string, string>> {
  for (const call of calls) {
    if (handles.has(call.word)) continue;
    const { model, request, file } = argumentsOf(call);
    const found = await client.query(
      `SELECT job_id FROM hologen.jobs WHERE strpos(request #>> '{}', $1) > 0 AND state NOT IN ('failed', 'cancelled', 'unanswered')`,
      [call.word],
    );
    if (found.rows.length > 0) handles.set(call.word, found.rows[0].job_id);
    else {
      const { rows } = await client.query(`SELECT ai_submit($1, $2, ${file}) AS handle`, [model, request]);
      handles.set(call.word, rows[0].handle);
    }
  }
  const results = new Map<string, string>();
  for (const [word, handle] of handles) {
    const { rows } = await client.query('SELECT ai_wait($1) AS result', [handle]).catch(async (error) => {
      // One that has ended without a result is made anew, as a person would.
      const status = await client.query('SELECT ai_status($1) AS state', [handle]);
      if (['failed', 'cancelled', 'unanswered'].includes(status.rows[0].state)) handles.delete(word);
      throw error;
    });
    if (isFilm(rows[0].result)) results.set(word, rows[0].result);
    else handles.delete(word);
  }
  if (results.size < calls.length) throw new Error('a film came to nothing');
  return results;
}

async function insert(client: pg.Client, { number, calls }: Schedule): Promise<Map<string, string>> {
  await client.query(`CREATE TABLE IF NOT EXISTS made_${number} (word text PRIMARY KEY, result text)`);
  const { model, file } = argumentsOf(calls[0] as Wanted);
  // What was committed is not asked for again.
  await client.query(
    `INSERT INTO made_${number} SELECT word, ai_gen($1::text, request, ${file}) FROM unnest($2::text[], $3::text[]) AS wanted (word, request)
     WHERE NOT EXISTS (SELECT FROM made_${number} AS made WHERE made.word = wanted.word)`,
    [model, calls.map(({ word }) => word), calls.map((call) => argumentsOf(call).request)],
  );
  const { rows } = await client.query(`SELECT word, result FROM made_${number}`);
  const nothing = rows.filter(({ result }) => !isFilm(result)).map(({ word }) => word);
  if (nothing.length > 0) {
    await client.query(`DELETE FROM made_${number} WHERE word = ANY ($1)`, [nothing]);
    throw new Error('a film came to nothing');
  }
  return new Map(rows.map(({ word, result }) => [word, result]));
}

function argumentsOf(call: Wanted) {
  return { model: call.kind.model, request: requestOf(call), file: fileOf(call) };
}
