/** What is told of a statement with calls when it is over: a line of the log, the meter, and the webhook that it names. */
import type { Logger } from 'pino';
import type { EndedStatement } from '../ledger/job.js';
import type { Services } from './course.js';
import { isDone } from './progress.js';
import type { Statement, StatementCall } from './statement.js';

export function tellStatementEnd(
  statement: Statement,
  committed: boolean,
  { meter, ledger }: Pick<Services, 'meter' | 'ledger'>,
  log: Logger,
): void {
  log.info(logged(statement), 'statement');
  // Dry calls are no calls.
  const made = [...statement.calls, ...statement.detached].filter((call) => !call.dryRun);
  if (made.length === 0 && !statement.refused) return;
  if (statement.webhook !== undefined && made.length > 0)
    ledger
      .tellStatementEnd(endOf(statement, made, statement.webhook, committed))
      .catch((error: unknown) => log.error({ err: error }, 'a webhook is not told of a statement'));
  const begun = made.filter((call) => call.outcome !== undefined && !call.detached);
  // A transaction may stay open long after its last call.
  const lastEnd = begun.reduce(
    (latest, { course }) => Math.max(latest, course.endedAt ?? Number.POSITIVE_INFINITY),
    0,
  );
  meter.statementEnded({
    statement,
    outcome: committed ? 'committed' : statement.refused && begun.length === 0 ? 'refused' : 'failed',
    calls: made.length,
    endedAt: lastEnd > 0 && Number.isFinite(lastEnd) ? lastEnd : Date.now(),
  });
}

/** `made`: those of ai_submit among them, which may go on. */
function endOf(
  { id, origin, tag }: Statement,
  made: StatementCall[],
  webhook: string,
  committed: boolean,
): EndedStatement {
  const ended = made.flatMap(({ course: { call } }) => (call.state === 'ended' ? call.how : []));
  const failed = ended.filter((how) => !isDone(how)).length;
  const outcome = committed ? 'committed' : 'failed';
  return { id, origin, tag, webhook, outcome, calls: made.length, failed };
}

/** A statement of ten thousand calls must not make a log line of a megabyte. */
const mostLogged = 20;

function logged({ origin, calls, refused, startedAt }: Statement) {
  return {
    role: origin.role,
    database: origin.database,
    application: origin.application,
    calls: calls.length,
    delivered: calls.filter((call) => call.delivered).length,
    models: [...new Set(calls.map((call) => call.checked.model.name))],
    jobs: calls.slice(0, mostLogged).map((call) => call.handle),
    providerRequests: calls.slice(0, mostLogged).map(({ course }) => course.requestId),
    refused: refused?.kind,
    ms: Date.now() - startedAt,
  };
}
