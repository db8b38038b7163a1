/** What is told of a statement with calls when it is over: a line of the log, and the meter. */
import type { Logger } from 'pino';
import type { Meter } from './meter.js';
import type { Statement } from './statement.js';

export function tellStatementEnd(statement: Statement, committed: boolean, meter: Meter, log: Logger): void {
  log.info(logged(statement), 'statement');
  // Dry calls are no calls.
  const made = [...statement.calls, ...statement.detached].filter((call) => !call.dryRun);
  if (made.length === 0 && !statement.refused) return;
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
