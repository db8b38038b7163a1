/** The visitor's language: texts, numbers, money, times. */
import { effect, signal } from '@preact/signals';
import { en, type TextKey } from './texts/en.js';
import { kindInChinese, noticeInChinese, rulesInChinese, sentenceInChinese } from './texts/phrases.js';
import { zh } from './texts/zh.js';

export type Language = 'en' | 'zh';

const tables: Record<Language, Record<TextKey, string>> = { en, zh };
const tags: Record<Language, string> = { en: 'en', zh: 'zh-CN' };
const remembered = 'hologen language';

export const language = signal<Language>(firstLanguage());

effect(() => {
  document.documentElement.lang = tags[language.value];
});

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  localStorage.setItem(remembered, chosen);
}

/** What was chosen here before, else the first of the browser's languages that there is. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(remembered);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  const known = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The text with its {places} filled. A text `one thing|{count} things` has a form for one and a form for others. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const [one = '', others = one] = tables[language.value][key].split('|');
  const form = values.count === 1 ? one : others;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

/** What the server says of what has gone wrong; in English where it has no other words for it. */
export function sentence(text: string): string {
  return language.value === 'zh' ? sentenceInChinese(text) : text;
}

/** What a NOTICE says of the calls of a statement that runs. */
export function notice(text: string): string {
  return language.value === 'zh' ? noticeInChinese(text) : text;
}

/** What kind of error it is, for those who do not read the language that errors of SQL are in. */
export function kindOfError(sqlstate: string): string | undefined {
  return language.value === 'zh' ? kindInChinese(sqlstate) : undefined;
}

/** What the model table says of a model's sizes, lengths and price. */
export function rules(text: string): string {
  return language.value === 'zh' ? rulesInChinese(text) : text;
}

/** True for a key of the tables, for names that come from the server. */
export function known(key: string): key is TextKey {
  return key in en;
}

export function number(value: number, digits = 2): string {
  return new Intl.NumberFormat(tags[language.value], { maximumFractionDigits: digits }).format(value);
}

export function money(value: number, currency = 'CNY'): string {
  const fine = value !== 0 && Math.abs(value) < 0.1;
  return new Intl.NumberFormat(tags[language.value], {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    maximumFractionDigits: fine ? 4 : 2,
  }).format(value);
}

/** The sum of prices, in each currency that there is; in the usual one where there is none. */
export function moneys(
  rows: readonly { price: number | null; currency: string | null }[],
  usual = 'CNY',
): string {
  const sums = new Map<string, number>();
  for (const { price, currency } of rows)
    sums.set(currency ?? 'CNY', (sums.get(currency ?? 'CNY') ?? 0) + (price ?? 0));
  const spent = [...sums].filter(([, sum]) => sum !== 0);
  return (
    spent.map(([currency, sum]) => money(sum, currency)).join(' + ') || money(0, [...sums.keys()][0] ?? usual)
  );
}

export function time(iso: string): string {
  return new Intl.DateTimeFormat(tags[language.value], { hour: '2-digit', minute: '2-digit' }).format(
    new Date(iso),
  );
}

export function dateAndTime(iso: string): string {
  return new Intl.DateTimeFormat(tags[language.value], { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(iso),
  );
}

/** A time of day, with its date where that is not today. */
export function moment(iso: string): string {
  const date = new Date(iso);
  const dateStyle = startOf(date) === startOf(new Date()) ? undefined : 'medium';
  return new Intl.DateTimeFormat(tags[language.value], { dateStyle, timeStyle: 'short' }).format(date);
}

/** Today and yesterday by name, other days by date. */
export function day(iso: string): string {
  const date = new Date(iso);
  const days = Math.round((startOf(new Date()) - startOf(date)) / 86_400_000);
  if (days === 0) return t('time.today');
  if (days === 1) return t('time.yesterday');
  return new Intl.DateTimeFormat(tags[language.value], {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric',
  }).format(date);
}

function startOf(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** `2026-11-21` of a plot's axis: day and month. */
export function shortDay(date: string): string {
  const [year = 0, month = 1, dayOfMonth = 1] = date.split('-').map(Number);
  return new Intl.DateTimeFormat(tags[language.value], { day: 'numeric', month: 'short' }).format(
    new Date(year, month - 1, dayOfMonth),
  );
}

export function shortMonth(date: string): string {
  const [year = 0, month = 1] = date.split('-').map(Number);
  return new Intl.DateTimeFormat(tags[language.value], { month: 'short', year: '2-digit' }).format(
    new Date(year, month - 1, 1),
  );
}

export function duration(seconds: number): string {
  if (seconds < 10) return t('time.seconds', { value: number(seconds, 1) });
  if (seconds < 120) return t('time.seconds', { value: number(Math.round(seconds)) });
  if (seconds < 7200) return t('time.minutes', { value: number(Math.round(seconds / 60)) });
  return t('time.hours', { value: number(seconds / 3600, 1) });
}
