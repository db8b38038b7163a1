/** What a session tells, to nobody: a test hears what it is about. */
import type { SessionEvents } from '../../src/frontend/conversation.js';

export const quietEvents: SessionEvents = {
  rewrite: () => undefined,
  started: () => {},
  rowsAsked: () => {},
  answered: () => {},
  cursorsRewound: () => {},
  savepointSet: () => {},
  undone: () => undefined,
  ready: () => {},
  transactionOver: () => {},
  ended: () => false,
  databaseCreated: () => {},
};
