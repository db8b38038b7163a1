/** Checks what people forget: which folder may import which, how long a file may be, which names say nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const longestFile = 400;
const emptyNames = /^(utils?|helpers?|common|misc|manager|lib)\b/;

/** Folder of src -> folders it may import. `.` are the files directly in src; main.ts and the command line see everything. */
const arrows = {
  wire: [],
  settings: [],
  media: [],
  rewriter: ['.'],
  pace: ['.'],
  storage: ['.', 'media'],
  ledger: ['.', 'engine', 'calls', 'providers', 'storage'],
  providers: ['.', 'ledger', 'pace', 'storage', 'media', 'calls'],
  calls: ['.', 'ledger', 'providers', 'pace', 'storage', 'media'],
  engine: ['.', 'wire', 'callback', 'ledger', 'settings'],
  frontend: ['.', 'wire', 'engine', 'rewriter'],
  metrics: ['settings', '.', 'engine', 'calls', 'pace', 'ledger', 'providers'],
  console: ['.', 'storage', 'settings', 'media'],
  callback: [
    'settings',
    '.',
    'wire',
    'engine',
    'calls',
    'ledger',
    'pace',
    'providers',
    'storage',
    'frontend',
  ],
  '.': ['settings', 'engine'],
};
const seesAll = ['src/main.ts'];
const seesAllFolders = ['src/cli'];
/** Types may be borrowed only along the same arrows: a type is knowledge too. */
const importPattern = /(?:^|\s)(?:import|export)\b[^'"]*?from\s+['"](\.[^'"]+)['"]/gs;

const problems = [];
for (const file of sources(join(root, 'src')).concat(
  sources(join(root, 'test')),
  sources(join(root, 'sql')),
)) {
  const name = relative(root, file);
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n').length - 1;
  if (lines > longestFile) problems.push(`${name}: ${lines} lines, at most ${longestFile}`);
  if (name.split('/').some((part) => emptyNames.test(part)))
    problems.push(`${name}: the name does not say what is inside`);
  if (name.startsWith('src/')) checkImports(file, name, text);
}

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
console.log('layout: arrows, lengths and names are fine');

function checkImports(file, name, text) {
  if (!/^(#!.*\n)?\s*\/\*\*/.test(text))
    problems.push(`${name}: does not open with a sentence on what it is for`);
  if (!name.startsWith('src/storage/') && name !== 'src/main.ts' && /from '[^']*\/storage\/oss\//.test(text))
    problems.push(`${name}: only src/main.ts may know which stores there are`);
  if (seesAll.includes(name) || seesAllFolders.some((folder) => name.startsWith(`${folder}/`))) return;
  const from = folderOf(file);
  for (const [, target] of text.matchAll(importPattern)) {
    const to = folderOf(resolve(dirname(file), target));
    if (to !== from && !arrows[from]?.includes(to))
      problems.push(`${name}: ${from} must not import ${to} (${target})`);
  }
}

function folderOf(file) {
  const parts = relative(join(root, 'src'), file).split('/');
  return parts.length === 1 ? '.' : parts[0];
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(tsx?|sql)$/.test(name))
    .map((name) => join(folder, name));
}
