import { createCanvas } from '@napi-rs/canvas';
import { expect, test } from 'vitest';
import { fontFor, oneLine, wrapText } from '../../sandbox/media/text-drawing.js';

const WITHOUT_GLYPH = '\u{e123}';

/** The text as drawn with the packages' own fonts only, as on a machine that has none. */
function drawn(text: string): Buffer {
  const canvas = createCanvas(64, 64);
  const context = canvas.getContext('2d');
  context.font = fontFor(text, 40, 400).replace(', sans-serif', '');
  context.fillText(text, 5, 50);
  return canvas.data();
}

test.each([...'aéЖ柯猫。あ🐕🚀🌊'])('%s is drawn with a glyph of its own', (character) => {
  expect(fontFor(character, 20, 400)).toContain('noto-');
  expect(drawn(character).equals(drawn(WITHOUT_GLYPH))).toBe(false);
  expect(drawn(character).some((byte) => byte > 200)).toBe(true);
});

function contextFor(text: string) {
  const context = createCanvas(10, 10).getContext('2d');
  context.font = fontFor(text, 20, 400);
  return context;
}

test.each([
  ['English', 'The quick brown fox jumps over the lazy dog. '.repeat(4)],
  ['Chinese', '一只穿着宇航服的柯基在月球的海滩上散步,电影感光线,远处是地球。'.repeat(3)],
  ['one endless word', 'x'.repeat(150)],
  ['emoji', '👩‍🚀🐕🚀🌊'.repeat(20)],
])('%s is broken into lines that fit and hold all of it', (_name, text) => {
  const context = contextFor(text);
  const lines = wrapText(context, text, 300, 100);
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(context.measureText(line).width).toBeLessThanOrEqual(300);
  expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
  for (const line of lines) expect(line).not.toMatch(/^[,。]/);
});

test('what does not fit into the lines is cut off with an ellipsis', () => {
  const text = 'one two three four five six seven eight nine ten eleven twelve';
  const context = contextFor(text);
  const lines = wrapText(context, text, 120, 2);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/…$/);
  expect(context.measureText(lines[1] as string).width).toBeLessThanOrEqual(120);
});

test('white space of any kind collapses, and nothing becomes no line', () => {
  const context = contextFor('a');
  expect(oneLine(context, '  a \n\t b  ', 500)).toBe('a b');
  expect(wrapText(context, ' \n ', 500, 3)).toEqual([]);
});
