/** What a session tells, to nobody: a test hears what it is about. */
import type { SessionEvents } from '../../src/frontend/conversation.js';

export const quietEvents: SessionEvents = {
  rewrite: () => undefined,
  started: () => {},
  rowsAsked: () => {},
  answered: () => {},
  cursorsRewound: () => {},
  cursorRead: () => {},
  cursorClosed: () => {},
  savepointSet: () => {},
  undone: () => undefined,
  ready: () => false,
  ended: () => false,
  databaseCreated: () => {},
};
