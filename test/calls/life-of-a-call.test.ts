/** The rules of a call's life, proved on every life it can have. What today's behaviour breaks is written down as an expected failure. */
import { describe, expect, test } from 'vitest';
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
const known = {
  'answer lost, taken': 'a lost answer is not waited for: the job says unanswered at once',
  'answer lost in a crash, working': 'the list of tasks does not tell for certain, or there is none',
  'answer lost in a crash, made': 'the same, of a call that was made meanwhile',
  'a crash, and the model is gone': 'a request that cannot be read any more ends its job',
  'an unknown status word': 'a status that is not known counts as "does not know the task"',
  'look refused': 'a look-up that is refused ends the task, though it says nothing about it',
  'three hours without a result': 'three hours instead of 24',
};

describe('only the last word of the provider ends a call that it may have taken', () => {
  test('but for what is known to break it', () => {
    const causes = new Set(of('last word').map((each) => each.cause));
    expect([...causes].filter((cause) => !(cause in known))).toEqual([]);
  });

  for (const [cause, reason] of Object.entries(known))
    test.fails(`also after "${cause}" (expected to fail: ${reason})`, () => {
      expect(of('last word', cause)).toEqual([]);
    });
});

test.fails('what is made and not saved is taken by the next identical call (expected to fail: it stands as failed in the ledger)', () => {
  expect(of('paid again')).toEqual([]);
});

test('an event that cannot happen in a state is a mistake, and an error', () => {
  expect(() => advance({ state: 'waiting' }, { kind: 'sending' })).toThrow('was told "sending"');
  const facts = { attempts: 1, requestId: 'r', taskId: 'task', countedAs: undefined };
  const sent: Call = { state: 'sent', ...facts };
  expect(() => advance(sent, { kind: 'sending' })).toThrow('was told "sending"');
  expect(() => advance(sent, { kind: 'not taken', again: true })).toThrow('was told "not taken"');
  expect(() => advance(sent, { kind: 'dropped', error: undefined })).toThrow('was told "dropped"');
});
