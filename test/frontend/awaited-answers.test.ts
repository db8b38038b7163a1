/** What a session keeps of what it has seen: no client makes it grow with messages that nobody answers, or with names. */
import { expect, test } from 'vitest';
import {
  type AwaitedAnswers,
  createAwaitedAnswers,
  isAllAnswered,
  noteAllAnswered,
  noteAnswer,
  noteSent,
  noteTypeSent,
  type SentMessage,
} from '../../src/frontend/awaited-answers.js';
import {
  boundTo,
  createBindings,
  forgetPortal,
  noteBound,
  notePrepared,
} from '../../src/frontend/bindings.js';
import { createStatementNames } from '../../src/frontend/statement-names.js';
import { backendType, frontendType } from '../../src/wire/message-types.js';
import { randomNumbers, seed } from './random-bytes.js';
import { bind } from './raw-client.js';

interface Text {
  text: string;
}

test('behind an error nothing is kept until Sync, however much is sent', () => {
  const awaited = createAwaitedAnswers<Text>();
  noteAnswer(awaited, backendType.readyForQuery);
  expect(awaited.first).toBeUndefined();
  noteSent(awaited, frontendType.parse);
  noteSent(awaited, frontendType.bind);
  noteAnswer(awaited, backendType.errorResponse);
  for (const type of [frontendType.parse, frontendType.execute, frontendType.query, frontendType.copyDone]) {
    expect(noteSent(awaited, type)).toBeUndefined();
  }
  expect(awaited.first).toBeUndefined();
  noteSent(awaited, frontendType.sync);
  expect(awaited.first).toBeDefined();
  noteAnswer(awaited, backendType.readyForQuery);
  expect(awaited.first).toBeUndefined();
});

test('ends of COPY data for which there is no COPY are not kept', () => {
  const awaited = createAwaitedAnswers<Text>();
  const startup = noteAnswer(awaited, backendType.noticeResponse);
  for (let count = 0; count < 1000; count += 1) noteSent(awaited, frontendType.copyDone);
  expect(startup?.next?.next).toBeUndefined();
  noteAnswer(awaited, backendType.readyForQuery);
  expect(awaited.first).toBeUndefined();
  noteSent(awaited, frontendType.copyFail);
  expect(awaited.first).toBeUndefined();
});

test('the startup packet is answered by ReadyForQuery, and by nothing before it', () => {
  const awaited = createAwaitedAnswers<Text>();
  const startup = awaited.first;
  const query = noteSent(awaited, frontendType.query);
  for (const type of [backendType.authentication, backendType.noticeResponse, backendType.backendKeyData])
    expect(noteAnswer(awaited, type)).toBe(startup);
  noteAnswer(awaited, backendType.readyForQuery);
  expect(awaited.first).toBe(query);
});

test('a message is told from its answer, in the order sent', () => {
  const awaited = createAwaitedAnswers<Text>();
  noteAnswer(awaited, backendType.readyForQuery);
  const query = noteSent(awaited, frontendType.query);
  const describe = noteSent(awaited, frontendType.describe);
  const execute = noteSent(awaited, frontendType.execute);
  for (const type of [
    backendType.rowDescription,
    backendType.commandComplete,
    backendType.noticeResponse,
    backendType.readyForQuery,
  ]) {
    expect(noteAnswer(awaited, type)).toBe(query);
  }
  expect(noteAnswer(awaited, backendType.rowDescription)).toBe(describe);
  expect(noteAnswer(awaited, backendType.portalSuspended)).toBe(execute);
  expect(awaited.first).toBeUndefined();
});

test('what is noted by its type alone is awaited as what is noted in full', () => {
  const random = randomNumbers(seed);
  const pick = <Each>(all: readonly Each[]): Each => all[random(all.length)] as Each;
  const state = (line: AwaitedAnswers<Text>) => {
    const types: number[] = [];
    for (let at = line.first; at; at = at.next) types.push(at.type, at.count);
    return { types, skipping: line.skipping, copying: line.copying };
  };
  for (let run = 0; run < 300; run += 1) {
    const [inFull, byType] = [createAwaitedAnswers<Text>(), createAwaitedAnswers<Text>()];
    for (const line of [inFull, byType]) noteAnswer(line, backendType.readyForQuery);
    for (let step = 0; step < 60; step += 1) {
      if (random(10) < 6) {
        const type = pick(Object.values(frontendType));
        expect(noteTypeSent(byType, type)).toBe(noteSent(inFull, type) !== undefined);
      } else if (isAllAnswered(inFull) && random(2) === 0) {
        for (const line of [inFull, byType]) noteAllAnswered(line);
      } else {
        const type = pick(Object.values(backendType));
        expect(noteAnswer(byType, type)?.type).toBe(noteAnswer(inFull, type)?.type);
      }
      expect(isAllAnswered(byType)).toBe(isAllAnswered(inFull));
      // To look makes an object of each.
      if (random(5) === 0) expect(state(byType)).toEqual(state(inFull));
    }
    expect(state(byType)).toEqual(state(inFull));
  }
});

test('of very many prepared texts the oldest are forgotten, and with DISCARD ALL all of them', () => {
  const names = createStatementNames<Text>();
  const about = (type: number, statementName: string, text?: Text): SentMessage<Text> => ({
    ...{
      type,
      statementName,
      portalName: undefined,
      bound: undefined,
      rows: undefined,
      reads: undefined,
      text,
      count: 0,
    },
    ...{ isHidden: false, next: undefined },
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

test('of what is prepared and bound so much is kept; an Execute of what is not is known to be none of the others', () => {
  const bindings = createBindings();
  const statement = { text: 'x'.repeat(1024 * 1024), types: [] };
  const value = 'y'.repeat(200_000);
  for (let count = 0; count < 100; count += 1) {
    notePrepared(bindings, `s${count}`, statement);
    noteBound(bindings, `p${count}`, `s${count}`, bind(`p${count}`, `s${count}`, [value]));
  }
  const kept = () => bindings.prepared.size;
  expect([kept(), bindings.preparedCharacters]).toEqual([8, 8 * 1024 * 1024]);
  expect([...bindings.portals.values()].filter(Boolean)).toHaveLength(41);
  expect([
    boundTo(bindings, 'p1')?.valueOf(),
    boundTo(bindings, 'p99'),
    boundTo(bindings, 'p100'),
  ]).toMatchObject([{ values: [value] }, 'hidden', undefined]);
  noteBound(bindings, '', 's1', bind('', 's1', ['z']));
  expect(boundTo(bindings, '')).toBe('hidden');
  for (let count = 0; count < 100; count += 1) {
    forgetPortal(bindings, `p${count}`);
    notePrepared(bindings, `s${count}`, undefined);
  }
  expect([kept(), bindings.preparedCharacters, bindings.boundBytes]).toEqual([0, 0, 0]);
});
