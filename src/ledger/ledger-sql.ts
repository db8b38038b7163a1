/** The SQL of the ledger. Times and attempts follow from the states, so that no writer can forget one. */
import { isLive } from './living-gateways.js';
import { changedColumns, endStates, openStates } from './states.js';

/**
 * What the provider has said to a gateway that lives after all, of a call that another one has taken over meanwhile and could not ask for: the word
 * counts, and the job is again whose it was. A task that is known is followed by whoever has it now.
 */
const isLateWord = `(
      job.state IN ('running', 'unanswered') AND job.task_id IS NULL
      AND new."holdUp" IS NULL AND coalesce(new.state, 'taken') NOT IN ('running', 'cancelled', 'unanswered'))`;

/** Why nobody would learn what became of it says nothing any more of one that is answered. */
const before = (column: string) =>
  column === 'error' ? `CASE WHEN job.state <> 'unanswered' THEN job.error END` : `job.${column}`;

/** Jobs of the gateway change, and those that do are returned; the latest attempt of each goes along. What was not taken (`submitted` again) ends its attempt as refused. */
const changing = `
  WITH new AS (
    SELECT * FROM json_to_recordset($1) AS new (job_id uuid, state text, price numeric, "holdUp" json,
      ${changedColumns.map(({ field, type }) => `"${field}" ${type}`).join(', ')})
  ), changed AS (
    UPDATE hologen_internal.job SET
      state = coalesce(new.state, CASE job.state WHEN 'unanswered' THEN 'running' ELSE job.state END),
      gateway_id = $2,
      -- A write whose answer was lost is repeated: an attempt counts once.
      attempts = job.attempts + (coalesce(new.state, '') = 'running' AND job.state <> 'running')::int,
      -- What was made and came to nothing has cost something, even where nobody can say how much.
      price = coalesce(new.price, job.price, CASE WHEN new.state IN ('failed', 'cancelled') AND coalesce(new.units, job.units) IS NULL THEN 0 END),
      ${changedColumns.map(({ column, field }) => `${column} = coalesce(new."${field}", ${before(column)})`).join(', ')},
      -- Each step is one forward: what held it up is over then, too.
      hold_up = CASE WHEN json_typeof(new."holdUp") = 'object' THEN new."holdUp" WHEN new."holdUp" IS NULL AND new.state IS NULL THEN hold_up END,
      -- Of several attempts the last one counts: a lost answer is looked for from there.
      started_at = CASE WHEN new.state = 'running' THEN clock_timestamp() ELSE started_at END,
      generated_at = CASE WHEN new.state IN ('saving', 'succeeded') THEN coalesce(generated_at, clock_timestamp()) ELSE generated_at END,
      finished_at = CASE WHEN new.state IN (${endStates}) THEN clock_timestamp() WHEN job.state <> 'unanswered' THEN finished_at END
    FROM new WHERE job.job_id = new.job_id AND (job.gateway_id = $2 OR ${isLateWord})
    RETURNING job.*, new.state AS new_state, new.error AS new_error
  ), begun AS (
    INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, role_oid, database_name, application_name, statement_id, statement_at,
        model_name, model_type, outcome, currency, tag, key_name, sent_at)
      SELECT job_id, attempts, role_name, role_oid, database_name, application_name, statement_id, statement_at, model_name, model_type,
        'running', currency, tag, key_name, clock_timestamp()
      FROM changed WHERE new_state = 'running'
      ON CONFLICT (job_id, attempt) DO NOTHING
  ), ended AS (
  UPDATE hologen_internal.attempt SET
    outcome = CASE WHEN changed.new_state = 'submitted' THEN 'refused' WHEN changed.new_state IN (${endStates}) THEN changed.new_state ELSE 'running' END,
    units = changed.units, price = changed.price, currency = changed.currency,
    provider_request_id = changed.provider_request_id, error = coalesce(changed.new_error, attempt.error),
    ended_at = CASE WHEN coalesce(changed.new_state, 'saving') <> 'saving' THEN clock_timestamp() END
  FROM changed
  WHERE attempt.job_id = changed.job_id AND attempt.attempt = changed.attempts AND (attempt.ended_at IS NULL OR attempt.outcome = 'unanswered')
    AND coalesce(changed.new_state, '') <> 'running'
  )
`;

// Anybody may listen, so no more is told than an id, which says nothing to those who may not see its job.
export const change = `${changing}
  SELECT job_id, CASE WHEN new_state IN (${endStates})
    THEN pg_notify('hologen_jobs', json_build_object('job_id', job_id, 'state', new_state)::text)::text END AS told
  FROM changed`;

/** For when nobody can be told of anything. */
export const changeUntold = `${changing} SELECT job_id FROM changed`;

/** The same for what the ledger's own functions and triggers do, for the rest of a transaction. */
export const tellNobody = "SET LOCAL hologen.untold = 'on'";

export const reserve = 'SELECT hologen_internal.reserve_calls($1, $2) AS kept';

export const unreserve = 'DELETE FROM hologen_internal.reserved WHERE reservation_id = ANY ($1)';

export const release = 'UPDATE hologen_internal.job SET released = true WHERE job_id = ANY ($1)';

export const claim =
  'UPDATE hologen_internal.job SET claimed_at = coalesce(claimed_at, clock_timestamp()) WHERE job_id = ANY ($1)';

export const unclaim =
  'UPDATE hologen_internal.job SET claimed_at = NULL, abandoned = NOT detached WHERE job_id = ANY ($1)';

export const reused = `
  WITH statement AS (
    INSERT INTO hologen_internal.statement (statement_id, statement_text) VALUES ($5, $6) ON CONFLICT (statement_id) DO NOTHING
  )
  INSERT INTO hologen_internal.attempt (job_id, role_name, role_oid, database_name, application_name, statement_id, statement_at, model_name,
    model_type, outcome, price, currency, tag, sent_at, ended_at)
  VALUES ($1, $2, $11, $3, $4, $5, $7, $8, $9, 'reused', 0, $10, $12, clock_timestamp(), clock_timestamp())`;

/** Nobody waits for these any more. */
export const abandon = `
  UPDATE hologen_internal.job SET abandoned = true WHERE job_id = ANY ($1) AND claimed_at IS NULL AND NOT detached AND NOT abandoned`;

/**
 * Whether the engine process that made the job's call is still there. What it leaves is nobody's, also before its gateway has written that
 * down: both may have lost the engine. NULL, of one that this role may not look at: it may be.
 */
const hasSession = `
  EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = job.engine_process_id AND (a.backend_start <= job.statement_at) IS NOT FALSE)`;

/** The job $2 (a gateway) did not make has nobody at the gateway that did. */
const isNobodys = `(abandoned OR NOT ${isLive('gateway_id')} OR NOT ${hasSession})`;

/** Of a job that has succeeded: what was not saved lies at the provider for a day only. */
const canBeHad = (job: string) =>
  `(${job}.outputs = '[]' OR ${job}.outputs @? '$[*].ossPath' OR ${job}.generated_at > clock_timestamp() - interval '23 hours')`;

/** Which may be otherwise than the wish has it: by another model, or in simpler words. */
const howMade = `model_name, model_type, CASE WHEN wish.image THEN request ->> 'prompt' END AS prompt`;

/**
 * For each wish the oldest results, unclaimed ones first, and not what another gateway has made for somebody who is still there; without any,
 * a job that another gateway makes for nobody (or for somebody, where one result is for all), or left when it ended: somebody will take it up.
 */
export const findEarlier = `
  SELECT place::int, coalesce(found.id, elsewhere.id) AS id, found.result, found.files,
    coalesce(found.model_name, elsewhere.model_name) AS model_name, coalesce(found.model_type, elsewhere.model_type) AS model_type,
    coalesce(found.prompt, elsewhere.prompt) AS prompt
  FROM json_array_elements($1) WITH ORDINALITY AS each (value, place)
  CROSS JOIN LATERAL json_to_record(each.value) AS wish (role text, "roleOid" oid, "requestKey" text, "except" uuid[], delivered boolean, image boolean, most int)
  LEFT JOIN LATERAL (
    SELECT job_id AS id, result, jsonb_path_query_array(outputs, '$[*] ? (exists (@.ossPath))') AS files,
      claimed_at IS NOT NULL AS claimed, submitted_at, ${howMade}
    FROM hologen_internal.job
    WHERE role_name = wish.role AND role_oid = wish."roleOid" AND request_key = wish."requestKey" AND state = 'succeeded' AND NOT detached
      AND (claimed_at IS NULL OR wish.delivered) AND (gateway_id = $2 OR wish.delivered OR ${isNobodys}) AND job_id <> ALL (wish."except")
      AND ${canBeHad('job')}
    ORDER BY claimed_at IS NOT NULL, submitted_at LIMIT wish.most) AS found ON true
  LEFT JOIN LATERAL (
    SELECT job_id AS id, ${howMade} FROM hologen_internal.job
    WHERE found.id IS NULL AND state IN (${openStates}) AND NOT detached AND gateway_id <> $2 AND job_id <> ALL (wish."except")
      AND (wish.delivered OR ${isNobodys})
      AND role_name = wish.role AND role_oid = wish."roleOid" AND request_key = wish."requestKey"
    ORDER BY submitted_at LIMIT 1) AS elsewhere ON true
  ORDER BY place, found.claimed, found.submitted_at`;

/** Another statement has asked for the same since, and has it or is getting it. */
const isMadeSince = `
  made.role_name = job.role_name AND made.role_oid = job.role_oid AND made.request_key = job.request_key AND NOT made.detached
  AND (made.state IN (${openStates})
    OR made.state = 'succeeded' AND ${canBeHad('made')})
  AND made.submitted_at > job.submitted_at AND made.statement_id <> job.statement_id`;

/** What cost something that nobody can tell has no price. A gateway that ended in the middle of a retry leaves a claim without a job. */
const mayRetry = (ownClaim = 'false') => `
  job_id = $1 AND (role_name = $2 AND role_oid = $3 OR $4 = 'all')
  AND state IN ('failed', 'cancelled') AND generated_at IS NULL AND price = 0
  AND NOT EXISTS (SELECT FROM hologen_internal.job made WHERE ${isMadeSince})
  AND (retried_at IS NULL OR ${ownClaim}
    OR EXISTS (SELECT FROM hologen_internal.job again WHERE again.job_id = job.retried_as AND again.state = 'cancelled' AND again.attempts = 0)
    OR retried_at < clock_timestamp() - interval '10 minutes'
      AND NOT EXISTS (SELECT FROM hologen_internal.job again WHERE again.job_id = job.retried_as))`;
const askedFor = `
  model_name AS model, CASE json_typeof(request) WHEN 'string' THEN request #>> '{}' ELSE request::text END AS request, file, tag`;

export const findRetry = `SELECT ${askedFor} FROM hologen_internal.job WHERE ${mayRetry()}`;

/** A write whose answer was lost is repeated. */
export const claimRetry = `
  UPDATE hologen_internal.job SET retried_as = $5, retried_at = clock_timestamp() WHERE ${mayRetry('retried_as = $5')} RETURNING ${askedFor}`;

export const retried = `
  UPDATE hologen_internal.job SET retried_as = $3, retried_at = CASE WHEN $3::uuid IS NOT NULL THEN retried_at END
  WHERE job_id = $1 AND retried_as = $2`;

/** The last one of those that were made one in another's place within a statement; those of retry_job are detached. */
export const answeredBy = `
  WITH RECURSIVE made AS (
    SELECT job_id, retried_as FROM hologen_internal.job WHERE job_id = $1 AND (role_name = $2 AND role_oid = $3 OR $4 = 'all')
    UNION SELECT again.job_id, again.retried_as FROM made JOIN hologen_internal.job again ON again.job_id = made.retried_as
      WHERE NOT again.detached AND NOT (again.state = 'cancelled' AND again.attempts = 0))
  SELECT job_id AS id FROM made WHERE job_id <> $1 AND NOT EXISTS (SELECT FROM made later WHERE later.job_id = made.retried_as)`;

export const madeSince = `
  SELECT made.job_id AS id FROM hologen_internal.job JOIN hologen_internal.job made ON ${isMadeSince}
  WHERE job.job_id = $1 AND (job.role_name = $2 AND job.role_oid = $3 OR $4 = 'all') AND job.state IN ('failed', 'cancelled')
  ORDER BY made.submitted_at LIMIT 1`;

export const tellStatementEnd = `
  SELECT hologen_internal.tell_webhooks($1, $2, hologen_internal.groups_of($2), $3, $4)::text`;

export const askCancel = `UPDATE hologen_internal.job SET cancel_asked = true WHERE job_id = $1`;

export const cancelAsked = 'SELECT cancel_asked AS asked FROM hologen_internal.job WHERE job_id = $1';

/** What this gateway is to give up. */
export const cancelsAsked = `SELECT job_id AS id FROM hologen_internal.job WHERE gateway_id = $1 AND cancel_asked AND state IN (${openStates})`;

/** An id that the engine has not assigned yet would be an error, and is nobody's. */
export const transactionOutcomes = `
  SELECT id, CASE WHEN id::numeric < pg_snapshot_xmax(pg_current_snapshot())::text::numeric THEN pg_xact_status(id::xid8) END AS outcome
  FROM unnest($1::text[]) AS id WHERE id ~ '^[0-9]{1,18}$'`;

export const find = `
  SELECT state, model_type, result, error, hold_up, key_name, provider_request_id FROM hologen_internal.job WHERE job_id = $1 AND role_name = $2 AND role_oid = $3`;

export const tellUnanswered = `
  WITH told AS (
    UPDATE hologen_internal.job SET told_at = clock_timestamp() WHERE role_name = $1 AND role_oid = $2 AND state = 'unanswered' AND told_at IS NULL
    RETURNING estimated_price, currency
  )
  SELECT count(*)::int AS calls, coalesce(sum(estimated_price), 0) AS money, currency FROM told GROUP BY currency`;

export const untoldRoles = `SELECT DISTINCT role_name AS role, role_oid AS "roleOid" FROM hologen_internal.job WHERE state = 'unanswered' AND told_at IS NULL`;

export const share = `
  UPDATE hologen_internal.job SET shared = $5 WHERE job_id = $1 AND (role_name = $2 AND role_oid = $3 OR $4 = 'all') RETURNING job_id`;

/** The latest call that saved something at this path. */
export const fileOfOutput = `
  SELECT file FROM hologen_internal.job WHERE outputs @> $1 AND (role_name = $2 AND role_oid = $3 OR $4 = 'all' OR $4 = 'shared' AND shared) ORDER BY submitted_at DESC LIMIT 1`;

/** A call that was asked for later has saved something there. */
export const isTakenSince = `
  SELECT EXISTS (SELECT FROM hologen_internal.job later JOIN hologen_internal.job own ON own.job_id = $1
    WHERE later.outputs @> $2 AND later.state = 'succeeded' AND later.submitted_at > own.submitted_at) AS taken`;

const msAgo = (time: string) => `extract(epoch FROM clock_timestamp() - ${time})::float8 * 1000`;

/** What gateways that are gone have left is this one's from now on. */
export const takeOver = `
  WITH taken AS (
    UPDATE hologen_internal.job SET gateway_id = $1, abandoned = NOT detached WHERE gateway_id = ANY ($2) AND state IN (${openStates})
    RETURNING *
  )
  SELECT job_id, state, detached, released, transaction_id, role_name, role_oid, model_name, model_deployed_at, file, request_key, task_id, key_name,
    provider_request_id, usage, outputs, cancel_asked, priority, wanted_by, ${msAgo('submitted_at')} AS opened_ms_ago, ${msAgo('started_at')} AS started_ms_ago, CASE json_typeof(request) WHEN 'string' THEN request #>> '{}' ELSE request::text END AS request
  FROM taken ORDER BY submitted_at`;

/** Undone or not, it is one transaction that has taken them. */
export const areOwn =
  'SELECT EXISTS (SELECT FROM hologen_internal.job WHERE job_id = ANY ($1) AND gateway_id = $2) AS own';

export const knownTasks = 'SELECT task_id AS id FROM hologen_internal.job WHERE task_id = ANY ($1)';
