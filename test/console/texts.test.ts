/** The page's languages say the same. */
import { expect, test } from 'vitest';
import { en } from '../../src/console/page/texts/en.js';
import { zh } from '../../src/console/page/texts/zh.js';

const placesOf = (text: string) => new Set(text.match(/\{\w+\}/g) ?? []);

test('both languages have the same keys', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

test('a text fills the same places in both', () => {
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    expect(zh[key].trim(), key).not.toBe('');
    expect([...placesOf(zh[key])].sort(), key).toEqual([...placesOf(en[key].split('|').at(-1) ?? '')].sort());
  }
});
