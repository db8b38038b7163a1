/** Who is connected to this gateway, and what their calls do and cost. */
import { isSameRole } from '../../ledger/job.js';
import type { Answers, QuestionTools } from './question.js';

export function answerAboutSessions({ calls, spending, activityOf }: QuestionTools): Answers {
  return {
    /** Own sessions, all for administrators. */
    async sessions(_question, caller) {
      const spent = spending.sessions();
      const running = calls.progress();
      const sessions = await activityOf([...spent.keys()]);
      return sessions
        .filter((session) => caller.admin || isSameRole(session, caller))
        .map(({ engineProcessId, role, database, application, connectedAt, state }) => {
          const own = running.filter(({ statement }) => statement.origin.engineProcessId === engineProcessId);
          const sum = (count: 'queued' | 'running' | 'saving' | 'done' | 'failed') =>
            own.reduce((total, progress) => total + progress[count], 0);
          const statement = own.at(-1)?.statement;
          return {
            ...{ engine_process_id: engineProcessId, role_name: role, database_name: database },
            ...{ application_name: application, connected_at: connectedAt, state },
            ...{ statement: statement?.text, statement_at: statement?.origin.statementAt },
            ...{ queued: sum('queued'), running: sum('running') + sum('saving') },
            ...{ done: sum('done'), failed: sum('failed'), spent: spent.get(engineProcessId) },
          };
        });
    },
  };
}
