/** The rules of a call's life, proved on every life it can have. What no behaviour could keep is listed, with its reason. */
import { expect, test } from 'vitest';
import { advance, type Call } from '../../src/calls/call.js';
import { type Breach, walkEveryLife } from './every-life.js';

const kinds = {
  'a film that is saved': { followed: true, keep: true },
  'a film that is not saved': { followed: true, keep: false },
  'a picture that is saved': { followed: false, keep: true },
  'a text': { followed: false, keep: false },
};
const lives = Object.entries(kinds).map(([name, kind]) => ({ name, ...walkEveryLife(kind) }));
const breaches = lives.flatMap((each) => each.breaches);

const of = (rule: Breach['rule'], cause?: string) =>
  breaches.filter((each) => each.rule === rule && (cause === undefined || each.cause === cause));

test.each(lives)('$name has many lives, and each comes to an end', ({ states, ends }) => {
  expect(ends).toBeGreaterThan(10);
  expect(states).toBeGreaterThan(ends);
});

test('a call that the provider may have taken is never sent again by its own gateway or the next', () => {
  expect(of('sent again')).toEqual([]);
});

test('the price of a call is counted once, also over crashes', () => {
  expect(of('price once')).toEqual([]);
});

/** Each with its reason; none may be added. */
const allowed = {
  '24 hours without a word': 'the provider keeps tasks and their results for 24 hours',
  'no task can be proved to be its own': 'a task of somebody else is never taken',
  'it has no task that could be found': 'the provider can be asked for tasks alone',
  'answer lost, taken': 'the same: its answer was lost, and it has no task',
};

test('only the last word of the provider ends a call that it may have taken, but for what nobody can ever learn', () => {
  const causes = new Set(of('last word').map((each) => each.cause));
  expect([...causes].sort()).toEqual(Object.keys(allowed).sort());
});

test('a lost answer ends a call only where it has no task', () => {
  const films = lives.filter(({ name }) => name.startsWith('a film')).flatMap((each) => each.breaches);
  expect(films.filter(({ cause }) => cause === 'answer lost, taken')).toEqual([]);
});

test('what is made is saved, however often the store refuses it, for as long as the provider keeps it', () => {
  expect(new Set(of('paid again').map((each) => each.cause))).toEqual(new Set(['not saved within 24 hours']));
});

test('an event that cannot happen in a state is a mistake, and an error', () => {
  expect(() => advance({ state: 'waiting' }, { kind: 'sending', key: undefined })).toThrow(
    'was told "sending"',
  );
  const facts = { attempts: 1, requestId: 'r', taskId: 'task', countedAs: undefined, key: undefined };
  const sent: Call = { state: 'sent', ...facts };
  expect(() => advance(sent, { kind: 'sending', key: undefined })).toThrow('was told "sending"');
  expect(() => advance(sent, { kind: 'not taken', again: true })).toThrow('was told "not taken"');
  expect(() => advance(sent, { kind: 'dropped', error: undefined })).toThrow('was told "dropped"');
});
