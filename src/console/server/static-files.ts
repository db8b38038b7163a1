/** The page's files as the build left them, read once, with the compressed forms that lie beside them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { packagePath } from '../../package-root.js';
import { type Exchange, pageHeaders } from './exchange.js';

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

export type StaticFiles = (exchange: Exchange) => boolean;

/** Answers GET and HEAD for the page's own files; false: there is no such file. */
export async function loadStaticFiles(): Promise<StaticFiles> {
  const files = await readFiles();
  return ({ request, response, url }) => {
    const file = files.get(url.pathname === '/' ? '/index.html' : url.pathname);
    if (!file && url.pathname === '/') {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('The page is not built: npm run build\n');
      return true;
    }
    if (!file) return false;
    send(file, String(request.headers['accept-encoding'] ?? ''), request.headers['if-none-match'], response);
    return true;
  };
}

function send(file: StaticFile, accepted: string, known: string | undefined, response: ServerResponse): void {
  const headers = {
    ...pageHeaders,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  if (known === file.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const words = accepted.split(',').map((word) => word.trim().split(';')[0]);
  const encoding = encodings
    .map(([name]) => name)
    .find((name) => words.includes(name) && file.bodies.has(name));
  const body = file.bodies.get(encoding ?? '') ?? Buffer.alloc(0);
  response.writeHead(200, {
    ...headers,
    'content-type': file.contentType,
    'content-length': body.length,
    ...(encoding ? { 'content-encoding': encoding } : {}),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
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
