/** The log: JSON lines on standard error, without the rows and parameters that PostgreSQL puts into its errors. */
import { type Logger, pino } from 'pino';

/** `level`: the lowest that is written. */
export function createLog(level: string): Logger {
  return pino({ name: 'hologen', level, serializers: { err: loggedError } }, pino.destination(2));
}

/** Of an error of PostgreSQL only code and message are for the log. */
function loggedError(error: Error & { code?: string; severity?: string }): unknown {
  if (error.severity === undefined) return pino.stdSerializers.err(error);
  return { type: error.name, code: error.code, message: error.message, stack: error.stack };
}
