/** Checks what people forget: how long a file and a function may be, that a file opens with its sentence, and names that say nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const longestFile = 400;
/** From its first line to its brace, comments and blank lines too. Biome counts the lines of code: 40, but for a table. */
const longestFunction = 60;
const emptyNames = /^(utils?|helpers?|common|misc|manager|lib)\b/;
const opensWithSentence = /^(#!.*\n)?\s*\/\*\*/;
/** As Biome formats them: a function that begins at the margin ends with the first brace that stands there alone. */
const functionAtMargin = /^(?:export )?(?:(?:async )?function (\w+)|const (\w+) = .*=> \{$)[\s\S]*?\n\};?$/gm;

const problems = ['src', 'sandbox', 'test', 'sql'].flatMap((folder) =>
  sources(join(root, folder)).flatMap((file) => problemsOf(relative(root, file), readFileSync(file, 'utf8'))),
);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('layout: lengths, names and first sentences are fine');

function problemsOf(name, text) {
  const found = [];
  const lines = lineCount(text) - 1;
  if (lines > longestFile) found.push(`${lines} lines, at most ${longestFile}`);
  if (name.split('/').some((part) => emptyNames.test(part)))
    found.push('the name does not say what is inside');
  if (/^(src|sandbox)\//.test(name) && !opensWithSentence.test(text))
    found.push('does not open with a sentence on what it is for');
  if (/^(src|sandbox)\//.test(name)) found.push(...longFunctions(text));
  return found.map((problem) => `${name}: ${problem}`);
}

function longFunctions(text) {
  return [...text.matchAll(functionAtMargin)]
    .map(([source, name, constant]) => ({ name: name ?? constant, lines: lineCount(source) }))
    .filter(({ lines }) => lines > longestFunction)
    .map(({ name, lines }) => `${name} has ${lines} lines, at most ${longestFunction}`);
}

function lineCount(text) {
  return text.split('\n').length;
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(tsx?|sql)$/.test(name))
    .map((name) => join(folder, name));
}
