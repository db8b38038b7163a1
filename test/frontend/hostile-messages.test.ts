/** Messages that nobody writes but to harm: they take the gateway no time and no memory to speak of, and nothing is believed of them that the engine has refused. */
import { expect, test } from 'vitest';
import { createBindings, notePrepared } from '../../src/frontend/bindings.js';
import { createLastBound, keepChunk, readBound } from '../../src/frontend/last-bound.js';
import { cursorSteps } from '../../src/rewriter/cursor-steps.js';
import { frontendType } from '../../src/wire/message-types.js';
import { bind, execute, parse, sync } from './raw-client.js';

const longest = 2_048;

test('a long text of spaces behind DECLARE is read once', () => {
  const spaces = ' '.repeat(1_000_000);
  expect(cursorSteps(`declare c ${spaces};x`, longest)).toBe(undefined);
  expect(cursorSteps(`declare c ${spaces};${spaces}`, longest)?.steps).toEqual([
    { name: 'c', declares: true },
  ]);
});

test('the types of very many parameters are not kept', () => {
  const types = Array<number>(65_535).fill(25);
  const last = createLastBound();
  const bindings = createBindings();
  for (let index = 0; index < 1000; index += 1) {
    keepChunk(last, Buffer.concat([parse(`s${index}`, 'SELECT ai_gen(', types), sync]));
    notePrepared(bindings, `s${index}`, { text: 'SELECT ai_gen(', types });
  }
  const kept = [...last.types.values()].reduce((sum, each) => sum + (each?.length ?? 0), 0);
  expect(kept).toBeLessThan(200_000);
  expect(bindings.prepared.size * types.length).toBeLessThan(2_000_000);
});

test('the unnamed statement keeps its types while another one is executed', () => {
  const last = createLastBound();
  const awaited = { first: { type: frontendType.execute } } as never;
  const chunks = [
    [parse('s', 'SELECT * FROM asked($1)'), sync],
    [parse('', 'SELECT * FROM asked($1)', [25]), sync],
    [parse('', 'SELECT * FROM asked($1)', [23]), bind('', '', ['4']), execute('', 0), sync],
    [bind('', 's', ['5']), execute('', 0), sync],
    [bind('', '', ['6']), execute('', 0), sync],
  ];
  for (const chunk of chunks) keepChunk(last, Buffer.concat(chunk));
  expect(readBound(last, awaited, 'SELECT * FROM asked($1)')).toMatchObject({ types: [23], values: ['6'] });
});
