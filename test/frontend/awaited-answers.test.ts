/** What a session keeps of what it has seen: no client makes it grow with messages that nobody answers, or with names. */
import { expect, test } from 'vitest';
import { createAwaitedAnswers, type SentMessage } from '../../src/frontend/awaited-answers.js';
import { createStatementNames } from '../../src/frontend/statement-names.js';
import { backendType, frontendType } from '../../src/wire/message-types.js';

interface Text {
  text: string;
}

test('behind an error nothing is kept until Sync, however much is sent', () => {
  const awaited = createAwaitedAnswers<Text>();
  awaited.answered(backendType.readyForQuery);
  expect(awaited.none).toBe(true);
  awaited.sent(frontendType.parse);
  awaited.sent(frontendType.bind);
  awaited.answered(backendType.errorResponse);
  for (const type of [frontendType.parse, frontendType.execute, frontendType.query, frontendType.copyDone]) {
    expect(awaited.sent(type)).toBeUndefined();
  }
  expect(awaited.none).toBe(true);
  awaited.sent(frontendType.sync);
  expect(awaited.none).toBe(false);
  awaited.answered(backendType.readyForQuery);
  expect(awaited.none).toBe(true);
});

test('ends of COPY data for which there is no COPY are not kept', () => {
  const awaited = createAwaitedAnswers<Text>();
  const startup = awaited.answered(backendType.noticeResponse);
  for (let count = 0; count < 1000; count += 1) awaited.sent(frontendType.copyDone);
  expect(startup?.next?.next).toBeUndefined();
  awaited.answered(backendType.readyForQuery);
  expect(awaited.none).toBe(true);
  awaited.sent(frontendType.copyFail);
  expect(awaited.none).toBe(true);
});

test('a message is told from its answer, in the order sent', () => {
  const awaited = createAwaitedAnswers<Text>();
  awaited.answered(backendType.readyForQuery);
  const query = awaited.sent(frontendType.query);
  const describe = awaited.sent(frontendType.describe);
  const execute = awaited.sent(frontendType.execute);
  for (const type of [
    backendType.rowDescription,
    backendType.commandComplete,
    backendType.noticeResponse,
    backendType.readyForQuery,
  ]) {
    expect(awaited.answered(type)).toBe(query);
  }
  expect(awaited.answered(backendType.rowDescription)).toBe(describe);
  expect(awaited.answered(backendType.portalSuspended)).toBe(execute);
  expect(awaited.none).toBe(true);
});

test('of very many prepared texts the oldest are forgotten, and with DISCARD ALL all of them', () => {
  const names = createStatementNames<Text>();
  const about = (type: number, statementName: string, text?: Text): SentMessage<Text> => ({
    ...{ type, statementName, portalName: undefined, bound: undefined, rows: undefined, text, count: 0 },
    next: undefined,
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
