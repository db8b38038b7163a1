/** The one table of endings: what a name tells, and what it does not. */
import { expect, test } from 'vitest';
import { endingOf, endings, formatOf, hasUse, isShownType } from '../../src/media/kinds.js';

test.each([
  ['dir.v2/cat.PNG', 'png'],
  ['film.final.mp4', 'mp4'],
  ['dir.png/nameless', undefined],
  ['nameless', undefined],
  ['trailing.', undefined],
  ['', undefined],
])('the ending of %j is %s', (name, ending) => {
  expect(endingOf(name)).toBe(ending);
});

test('a name that is no medium has no format, whatever objects in JavaScript are born with', () => {
  for (const name of ['notes.txt', 'a.constructor', 'nameless']) expect(formatOf(name)).toBeUndefined();
});

const withUse = (use: Parameters<typeof hasUse>[1]) => endings.filter((ending) => hasUse(`a.${ending}`, use));

test('each use has the endings it is documented with', () => {
  expect(withUse('made')).toEqual(['png', 'jpg', 'jpeg', 'webp', 'mp4', 'mov']);
  expect(withUse('taken')).toEqual([
    ...['png', 'jpg', 'jpeg', 'webp', 'bmp', 'gif', 'tif', 'tiff', 'heic'],
    ...['mp4', 'mov', 'wav', 'mp3'],
  ]);
  expect(withUse('shown')).toEqual(['png', 'jpg', 'jpeg', 'webp', 'bmp', 'gif', 'mp4']);
});

test.each([
  ['wma', 'audio/x-ms-wma'],
  ['aiff', 'audio/aiff'],
])('.%s is sound of type %s', (ending, contentType) => {
  expect(formatOf(`speech.${ending}`)).toEqual({ kind: 'sound', contentType, uses: [] });
});

test('what may hold a script is not shown', () => {
  for (const type of ['image/svg+xml', 'text/html', 'application/pdf', 'video/quicktime', ''])
    expect(isShownType(type)).toBe(false);
  expect(isShownType('image/png')).toBe(true);
});
