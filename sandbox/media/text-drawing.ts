/**
 * Fonts and line breaking for drawn text: Latin, Cyrillic, Chinese, Japanese kana and emoji from fonts inside npm packages,
 * so that a machine without any fonts draws the same.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';

/** Packages that hold one font cut into subsets by character, the preferred one first. */
const FONT_PACKAGES = [
  { name: '@fontsource-variable/noto-sans-sc', file: 'noto-sans-sc' },
  { name: '@fontsource-variable/noto-emoji', file: 'noto-emoji' },
] as const;
const PREFERRED_SUBSETS = ['latin', 'latin-ext', 'cyrillic'];
const ELLIPSIS = '…';

interface Subset {
  family: string;
  path: string;
}

let subsetsByCharacter: Map<number, Subset[]> | undefined;
const registered = new Set<Subset>();

/** A canvas font setting with exactly the subsets that the text needs, loaded when first needed. */
export function fontFor(text: string, sizePixels: number, weight: 400 | 700): string {
  subsetsByCharacter ??= indexSubsets();
  const families = new Set<string>();
  for (const character of `a${text}`) {
    for (const subset of subsetsByCharacter.get(character.codePointAt(0) as number) ?? []) {
      if (!registered.has(subset)) GlobalFonts.registerFromPath(subset.path, subset.family);
      registered.add(subset);
      families.add(`"${subset.family}"`);
    }
  }
  return `${weight} ${sizePixels}px ${[...families].join(', ')}, sans-serif`;
}

/** Sets the context's font for a text. Older drawing libraries take a variable font's weight only from its own setting. */
export function useFont(context: SKRSContext2D, text: string, sizePixels: number, weight: 400 | 700): void {
  context.font = fontFor(text, sizePixels, weight);
  context.fontVariationSettings = `"wght" ${weight}`;
}

/**
 * Breaks the text into lines of at most `maxWidth` pixels in the context's current font, at word boundaries as its script has
 * them. What does not fit into `maxLines` lines is cut off, with an ellipsis at the end. White space collapses.
 */
export function wrapText(context: SKRSContext2D, text: string, maxWidth: number, maxLines: number): string[] {
  const fits = (line: string) => context.measureText(line).width <= maxWidth;
  const lines: string[] = [];
  let line = '';
  for (const word of wordsOf(text)) {
    if (fits((line + word).trimEnd())) {
      line += word;
      continue;
    }
    if (lines.length === maxLines - 1) return [...lines, cutToFit(line + word, fits)];
    if (line !== '') lines.push(line.trimEnd());
    line = word.trimStart();
    while (!fits(line)) {
      if (lines.length === maxLines - 1) return [...lines, cutToFit(line, fits)];
      const head = longestFit(line, fits);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}

/** The text as one line of at most `maxWidth` pixels, cut with an ellipsis. */
export function oneLine(context: SKRSContext2D, text: string, maxWidth: number): string {
  return wrapText(context, text, maxWidth, 1)[0] ?? '';
}

// Punctuation stays with the word before it: a Chinese line must not begin with a full stop.
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(
    text.replace(/\s+/g, ' ').trim(),
  )) {
    const joins =
      /^[\p{Pe}\p{Pf}\p{Po}\p{Zs}]+$/u.test(segment) || /[\p{Ps}\p{Pi}]$/u.test(words.at(-1) ?? '');
    if (joins && words.length > 0) words.push(`${words.pop()}${segment}`);
    else words.push(segment);
  }
  return words;
}

function cutToFit(text: string, fits: (line: string) => boolean): string {
  return longestFit(text, (line) => fits(line.trimEnd() + ELLIPSIS)).trimEnd() + ELLIPSIS;
}

// The longest beginning (at least one character) that fits. Never splits what is read as one character, such as a joined emoji.
function longestFit(text: string, fits: (line: string) => boolean): string {
  let head = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (head !== '' && !fits(head + segment)) break;
    head += segment;
  }
  return head;
}

// One subset of every font that claims the character: some claim characters that they have no glyph for.
function indexSubsets(): Map<number, Subset[]> {
  const index = new Map<number, Subset[]>();
  for (const { name, file } of FONT_PACKAGES) {
    const ofPackage = new Map<number, Subset>();
    for (const [subset, ranges] of subsetsOf(name, file)) {
      for (const character of charactersOf(ranges)) {
        if (!ofPackage.has(character)) ofPackage.set(character, subset);
      }
    }
    for (const [character, subset] of ofPackage)
      index.set(character, [...(index.get(character) ?? []), subset]);
  }
  return index;
}

function subsetsOf(packageName: string, file: string): [Subset, string][] {
  const path = createRequire(import.meta.url).resolve(`${packageName}/unicode.json`);
  const ranges: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'));
  const keys = [...PREFERRED_SUBSETS.filter((key) => key in ranges), ...Object.keys(ranges)];
  return keys.map((key) => {
    const family = `${file}-${key.replace(/[[\]]/g, '')}`;
    return [{ family, path: join(dirname(path), 'files', `${family}-wght-normal.woff2`) }, ranges[key] ?? ''];
  });
}

// Reads CSS unicode-range, e.g. "U+4e,U+201c-201d".
function* charactersOf(ranges: string): Generator<number> {
  for (const range of ranges.split(',')) {
    const [first = '', last = first] = range.trim().replace(/^U\+/i, '').split('-');
    for (let character = Number.parseInt(first, 16); character <= Number.parseInt(last, 16); character++) {
      yield character;
    }
  }
}
