/** What the pages point at is there: files and folders, headings of other pages, and files that are named in passing. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [root, join(root, 'docs')].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative(root, join(folder, name))),
);

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const dead = links.filter((link) => {
    if (/^https:\/\//.test(link)) return !URL.canParse(link);
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && (statSync(target).isDirectory() || !anchorsOf(target).includes(anchor));
  });
  expect(dead).toEqual([]);
});

test.each(pages)('every file that %s names is there', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const named = [
    ...text.matchAll(/(?<![\w/.:-])(?:src|sql|test|bench|scripts|examples|docs|\.ci)\/[\w./*-]*[\w/]/g),
  ];
  const missing = named
    .map(([path]) => path)
    .filter((path) => !path.includes('*') && !existsSync(join(root, path)));
  expect(missing).toEqual([]);
});

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g))
      if (!target.startsWith('https://')) reached.add(relative(root, resolve(root, dirname(page), target)));
  }
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

test.each(pages)('no command of %s would fetch a package of the public registry', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  expect(text.match(/npx (?!--no )[^\n`]*hologen/g) ?? []).toEqual([]);
});
