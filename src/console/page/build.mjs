/** Builds the console's page into dist/page: bundled, named by content, compressed once, with the licences of what is inside. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const target = join(root, 'dist/page');
const bundled = ['preact', '@preact/signals', '@preact/signals-core', 'client-zip'];

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const { outputFiles } = await build({
  entryPoints: { page: join(here, 'page.tsx'), style: join(here, 'style.css') },
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  entryNames: '[name]-[hash]',
  outdir: target,
  write: false,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
});

const names = outputFiles.map(({ path }) => path.slice(target.length + 1));
const named = (ending) => names.find((name) => name.endsWith(ending));
const html = readFileSync(join(here, 'index.html'), 'utf8')
  .replace('page.js', named('.js'))
  .replace('style.css', named('.css'));
const licences = bundled.map((name) => {
  const folder = join(root, 'node_modules', name);
  const file = readdirSync(folder).find((each) => each.startsWith('LICENSE')) ?? 'LICENSE';
  return `${name}\n\n${readFileSync(join(folder, file), 'utf8')}`;
});

const files = [
  ...outputFiles.map(({ path, contents }) => [path.slice(target.length + 1), Buffer.from(contents)]),
  ['index.html', Buffer.from(html)],
  ['icon.svg', readFileSync(join(here, 'icon.svg'))],
  ['licences.txt', Buffer.from(licences.join('\n\n----\n\n'))],
];
for (const [name, content] of files) {
  writeFileSync(join(target, name), content);
  writeFileSync(join(target, `${name}.br`), brotliCompressSync(content));
  writeFileSync(join(target, `${name}.gz`), gzipSync(content, { level: 9 }));
}
console.log(
  `page: ${files.map(([name, content]) => `${name} ${(brotliCompressSync(content).length / 1024).toFixed(1)} KiB`).join(', ')} (brotli)`,
);
