/**
 * A stand-in for Alibaba Cloud Model Studio (DashScope) on 127.0.0.1: same paths, same checks, same answers,
 * real pictures and videos that say that they are the sandbox's.
 *
 * Markers in a prompt ask it to misbehave:
 * - `[[sandbox:refuse]]`         content refused: DataInspectionFailed, HTTP 400 or a FAILED task
 * - `[[sandbox:fail]]`           HTTP 500 or a FAILED task, InternalError.Algo
 * - `[[sandbox:fail-silently]]`  a FAILED task without code and message (HTTP 500 when synchronous)
 * - `[[sandbox:throttle=2]]`     the first two submits of this exact body get 429 Throttling.RateQuota
 * - `[[sandbox:slow=2500]]`      takes this many milliseconds
 * - `[[sandbox:drop]]`           the submit is taken, then the connection is reset instead of the answer
 *
 * `GET /_sandbox/requests` lists every request received, `DELETE` clears the list.
 */
import { randomUUID } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Exchange } from './exchange.js';
import { type ArmedFaults, createFaults, type Faults } from './faults.js';
import {
  buildParts,
  chooseSettings,
  type ModelStudioOptions,
  type ModelStudioSettings,
  type Parts,
} from './parts.js';
import { createRequestLog, type RecordedRequest, type RequestLog } from './request-log.js';
import { createRoutes } from './routes.js';

export type { Faults } from './faults.js';
export type { ModelStudioOptions, ModelStudioSettings } from './parts.js';
export type { RecordedRequest } from './request-log.js';

export interface ModelStudio {
  /** `http://127.0.0.1:PORT`; the native API is below `/api/v1`, the other below `/compatible-mode/v1`. */
  url: string;
  requests(): RecordedRequest[];
  settings: ModelStudioSettings;
  faults: Faults;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the provider received, for whoever looks at the sandbox; everything else is the provider's own. */
function createApp(requests: RequestLog, routes: ReturnType<typeof createRoutes>): Hono {
  const app = new Hono();
  app.get('/_sandbox/requests', (context) => context.json(requests.list()));
  app.delete('/_sandbox/requests', (context) => {
    requests.clear();
    return context.json(requests.list());
  });
  app.all('/_sandbox/*', (context) => context.json({ error: 'GET or DELETE /_sandbox/requests' }, 404));
  app.route('/', routes as unknown as Hono);
  return app;
}

function openExchange(
  { incoming: request, outgoing: response }: HttpBindings,
  requests: RequestLog,
  url: string,
): Exchange {
  const requestId = randomUUID();
  const record = requests.open(request, requestId);
  response.on('finish', () => {
    record.answered = true;
  });
  // Appended, not resolved: `//host` is a path here; a proxy's absolute form is none and finds nothing.
  const text = url + (request.url ?? '/');
  const target = new URL(URL.canParse(text) ? text : url);
  return { request, response, url: target, requestId, record, dropAnswer: false };
}

async function shutDown(server: Server, closing: AbortController, { tasks, media }: Parts): Promise<void> {
  const stopped = once(server, 'close');
  closing.abort();
  server.close();
  server.closeAllConnections();
  await stopped;
  await tasks.close();
  await media.close();
}

/** Starts the sandbox; it listens on loopback only. Errors: those of the port and of the directory. */
export async function startModelStudio(options: ModelStudioOptions): Promise<ModelStudio> {
  const settings = chooseSettings(options);
  const requests = createRequestLog();
  const faults: ArmedFaults = createFaults();
  const closing = new AbortController();
  // Every request that is under way listens.
  setMaxListeners(0, closing.signal);
  let url = '';
  const parts = await buildParts(settings, options, () => url, closing.signal);

  const routes = createRoutes(parts, {
    open: (bindings) => openExchange(bindings, requests, url),
    faults,
    onError: ({ record: { method, path } }, error) =>
      options.log?.({ event: 'sandbox request failed', method, path, error: String(error) }),
  });
  const answer = getRequestListener(createApp(requests, routes).fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void answer(request, response));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= shutDown(server, closing, parts);
    return closed;
  };
  return { url, requests: requests.list, settings, faults, close, [Symbol.asyncDispose]: close };
}
