/** The page's files as the build left them, read once, with the compressed forms that lie beside them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { MiddlewareHandler } from 'hono';
import { packagePath } from '../../package-root.js';
import { pageHeaders } from './exchange.js';

const folder = packagePath('dist', 'page');

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
/** In the order of preference, as named in Accept-Encoding, with the ending of the files. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

interface StaticFile {
  contentType: string;
  etag: string;
  /** Its name holds a hash of its content. */
  lasting: boolean;
  bodies: Map<string, Buffer>;
}

/** Answers for the page's own files; what is none of them goes on. */
export async function loadStaticFiles(): Promise<MiddlewareHandler> {
  const files = await readFiles();
  return async ({ req }, next) => {
    const file = files.get(req.path === '/' ? '/index.html' : req.path);
    if (file) return answerOf(file, req.header('accept-encoding') ?? '', req.header('if-none-match'));
    if (req.path === '/') return new Response('The page is not built: npm run build\n', { status: 503 });
    return next();
  };
}

function answerOf(file: StaticFile, accepted: string, known: string | undefined): Response {
  const headers = {
    ...pageHeaders,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (known === file.etag) return new Response(null, { status: 304, headers });
  const words = accepted.split(',').map((word) => word.trim().split(';')[0]);
  const encoding = encodings
    .map(([name]) => name)
    .find((name) => words.includes(name) && file.bodies.has(name));
  const body = file.bodies.get(encoding ?? '') ?? Buffer.alloc(0);
  return new Response(new Uint8Array(body), {
    headers: {
      ...headers,
      'content-type': file.contentType,
      'content-length': String(body.length),
      ...(encoding ? { 'content-encoding': encoding } : {}),
    },
  });
}

/** Empty when the page was never built. */
async function readFiles(): Promise<Map<string, StaticFile>> {
  const names: string[] = await readdir(folder).catch(() => []);
  const files = new Map<string, StaticFile>();
  for (const name of names) {
    const contentType = contentTypes[extname(name)];
    if (!contentType) continue;
    const plain = await readFile(join(folder, name));
    const bodies = new Map([['', plain]]);
    for (const [encoding, ending] of encodings) {
      if (names.includes(name + ending)) bodies.set(encoding, await readFile(join(folder, name + ending)));
    }
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    files.set(`/${name}`, { contentType, etag, lasting: /-[A-Z0-9]{8}\./.test(name), bodies });
  }
  return files;
}
