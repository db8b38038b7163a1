/** The HTTP server for metrics and health: three read-only addresses, no secrets in the answers. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Readiness } from './readiness.js';

export interface MetricsServer {
  /** e.g. http://127.0.0.1:9187 */
  url: string;
  close(): Promise<void>;
}

interface Page {
  status: number;
  contentType: string;
  text: string;
}

/** A scraper sends little and reads at once; slower clients are cut off. */
const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
};
const mostConnections = 64;
const longestSilenceMs = 20_000;

interface MetricsOptions {
  host: string;
  port: number;
  registry: Registry;
  readiness: () => Promise<Readiness>;
}

type Pages = Record<string, () => Promise<Page>>;

/** Rejects with the system's error when it cannot listen there. */
export async function serveMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const pages = createPages(options);
  const server = createServer(limits, (request, response) => void answer(pages, request, response));
  server.maxConnections = mostConnections;
  server.setTimeout(longestSilenceMs, (socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.on('error', () => {});
  return {
    url: urlOf(options.host, (server.address() as AddressInfo).port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createPages({ registry, readiness }: MetricsOptions): Pages {
  return {
    '/metrics': async () => ({
      status: 200,
      contentType: registry.contentType,
      text: await registry.metrics(),
    }),
    // Any answer means that the process is alive and its event loop runs.
    '/healthz': async () => json(200, { alive: true }),
    '/readyz': async () => {
      const answer = await readiness();
      return json(answer.ready ? 200 : 503, answer);
    },
  };
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, contentType, text } = await find(pages, request).catch(() =>
    json(500, { error: 'the metrics could not be read' }),
  );
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Do not wait for the rest of a refused request.
    ...(status === 405 || status === 413 ? { connection: 'close', allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

async function find(pages: Pages, request: IncomingMessage): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'])
    return json(413, { error: 'a request here has no body' });
  const [path = ''] = (request.url ?? '').split('?');
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  return page ? page() : json(404, { error: `there are ${Object.keys(pages).join(', ')}` });
}

function urlOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function json(status: number, content: unknown): Page {
  return { status, contentType: 'application/json; charset=utf-8', text: `${JSON.stringify(content)}\n` };
}
