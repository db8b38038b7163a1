/** The page's languages say the same. */
import { expect, test } from 'vitest';
import { en } from '../../src/console/page/texts/en.js';
import { kindInChinese, noticeInChinese, rulesInChinese } from '../../src/console/page/texts/phrases.js';
import { zh } from '../../src/console/page/texts/zh.js';
import { ownSqlstates } from '../../src/errors.js';
import { families } from '../../src/providers/model-studio/families.js';
import { knownTypes } from '../../src/providers/model-studio/known-types.js';

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

test('what a model is for and each of its scenarios has a name in both', () => {
  const described = knownTypes(families).describe([]);
  const keys = described.flatMap(({ task, scenarios }) => [
    `task.${task}`,
    ...(scenarios as string[]).map((scenario) => `scenario.${scenario}`),
  ]);
  expect(keys.length).toBeGreaterThan(100);
  expect([...new Set(keys)].filter((key) => !(key in en))).toEqual([]);
});

test('what the model table says of sizes, lengths and prices is said in Chinese wholly', () => {
  const said = knownTypes(families)
    .describe([])
    .flatMap(({ sizes, duration, price }) => [sizes, duration, price])
    .filter((text) => typeof text === 'string')
    .map((text) => text.replace(/^(size|resolution) /, ''));
  const english = new Set(
    said.flatMap(
      (text) => rulesInChinese(text).match(/(?<![\d_])\b(?!token\b|prompt_extend\b)[A-Za-z_]{2,}/g) ?? [],
    ),
  );
  expect(said.length).toBeGreaterThan(200);
  expect([...english]).toEqual([]);
});

test('every error of ours has a line in Chinese that says of what kind it is', () => {
  expect(ownSqlstates.filter((sqlstate) => !kindInChinese(sqlstate))).toEqual([]);
});

test('what a statement’s NOTICEs say of its calls is said in Chinese', () => {
  expect(noticeInChinese('ai_gen: 1 done, 2 running, 1 held up, 12 s, about 3 s left (wan26_t2i): why')).toBe(
    'ai_gen：完成 1，运行中 2，受阻 1，12 秒，约剩 3 秒 (wan26_t2i): why',
  );
  expect(noticeInChinese('ai_wait: 1 queued, 4 s (fox)')).toBe('ai_wait：排队中 1，4 秒 (fox)');
});
