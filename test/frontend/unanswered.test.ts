/** What a session keeps of what it has seen: no client makes it grow with messages that nobody answers, or with names. */
import { expect, test } from 'vitest';
import { createStatementNames } from '../../src/frontend/statement-names.js';
import { createUnanswered, type SentMessage } from '../../src/frontend/unanswered.js';
import { backendType, frontendType } from '../../src/wire/message-types.js';

interface Text {
  text: string;
}

test('behind an error nothing is kept until Sync, however much is sent', () => {
  const unanswered = createUnanswered<Text>();
  unanswered.answered(backendType.readyForQuery);
  expect(unanswered.none).toBe(true);
  unanswered.sent(frontendType.parse);
  unanswered.sent(frontendType.bind);
  unanswered.answered(backendType.errorResponse);
  for (const type of [frontendType.parse, frontendType.execute, frontendType.query, frontendType.copyDone]) {
    expect(unanswered.sent(type)).toBeUndefined();
  }
  expect(unanswered.none).toBe(true);
  unanswered.sent(frontendType.sync);
  expect(unanswered.none).toBe(false);
  unanswered.answered(backendType.readyForQuery);
  expect(unanswered.none).toBe(true);
});

test('ends of COPY data for which there is no COPY are not kept', () => {
  const unanswered = createUnanswered<Text>();
  const startup = unanswered.answered(backendType.noticeResponse);
  for (let count = 0; count < 1000; count += 1) unanswered.sent(frontendType.copyDone);
  expect(startup?.next?.next).toBeUndefined();
  unanswered.answered(backendType.readyForQuery);
  expect(unanswered.none).toBe(true);
  unanswered.sent(frontendType.copyFail);
  expect(unanswered.none).toBe(true);
});

test('a message is told from its answer, in the order sent', () => {
  const unanswered = createUnanswered<Text>();
  unanswered.answered(backendType.readyForQuery);
  const query = unanswered.sent(frontendType.query);
  const describe = unanswered.sent(frontendType.describe);
  const execute = unanswered.sent(frontendType.execute);
  for (const type of [
    backendType.rowDescription,
    backendType.commandComplete,
    backendType.noticeResponse,
    backendType.readyForQuery,
  ]) {
    expect(unanswered.answered(type)).toBe(query);
  }
  expect(unanswered.answered(backendType.rowDescription)).toBe(describe);
  expect(unanswered.answered(backendType.portalSuspended)).toBe(execute);
  expect(unanswered.none).toBe(true);
});

test('of very many prepared texts the oldest are forgotten, and with DISCARD ALL all of them', () => {
  const names = createStatementNames<Text>();
  const about = (type: number, statementName: string, text?: Text): SentMessage<Text> => ({
    ...{ type, statementName, portalName: undefined, text, count: 0, next: undefined },
  });
  const text = { text: 'x'.repeat(1024 * 1024) };
  for (let count = 0; count < 100; count += 1) {
    names.answered(backendType.parseComplete, about(frontendType.parse, `s${count}`, text));
  }
  const known = () =>
    Array.from({ length: 100 }, (_, count) => names.textOf(about(frontendType.bind, `s${count}`))).filter(
      Boolean,
    ).length;
  expect(known()).toBe(8);
  expect(names.textOf(about(frontendType.bind, 's99'))).toBe(text);
  names.forgetStatements();
  expect(known()).toBe(0);
  names.answered(backendType.parseComplete, about(frontendType.parse, 'again', text));
  expect(names.textOf(about(frontendType.bind, 'again'))).toBe(text);
});
