/** From a path to its handler, with armed faults in between. Handlers write Node's own response, because some of them break it on purpose. */
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { handleChat } from './chat.js';
import { handleEmbeddings, handleNativeEmbeddings } from './embeddings.js';
import { type Exchange, sendError } from './exchange.js';
import type { ArmedFaults, FaultAction } from './faults.js';
import { handleMediaEmbedding } from './media-embeddings.js';
import type { Parts } from './parts.js';
import { Refusal, urlError } from './refusal.js';
import { handleNativeRerank, handleRerank } from './reranks.js';
import type { ResultStore } from './results.js';
import { handleSubmit } from './submit.js';
import { handleTasks } from './task-routes.js';
import { handleTranscription } from './transcription.js';

const servicePrefix = '/api/v1/services/aigc/';

/** Applies an armed fault; true when that was the whole answer. */
async function applyFault(exchange: Exchange, fault: FaultAction | undefined, signal: AbortSignal) {
  switch (fault?.kind) {
    case 'answer': {
      const { status, code, message = 'armed fault', headers } = fault;
      sendError(exchange, new Refusal(status, code, message), headers);
      return true;
    }
    case 'reset':
      exchange.response.socket?.resetAndDestroy();
      return true;
    case 'reset-after':
      exchange.dropAnswer = true;
      return false;
    case 'stall':
      await delay(fault.ms, undefined, { signal });
      return false;
    default:
      return false;
  }
}

async function serveResult(exchange: Exchange, results: ResultStore, fault: FaultAction | undefined) {
  const { request, response, record } = exchange;
  if (!/^(GET|HEAD)$/.test(request.method ?? '')) throw urlError();
  record.status = await results.serve(request, response, fault);
}

/** A request on its way through the routes. */
interface Passage {
  Bindings: HttpBindings;
  Variables: { exchange: Exchange; fault: FaultAction | undefined };
}

/** What the routes need of the server around them. */
export interface Arrivals {
  /** Records a request that has come. */
  open(bindings: HttpBindings): Exchange;
  faults: ArmedFaults;
  /** Hears what is not a Refusal. */
  onError(exchange: Exchange, error: unknown): void;
}

export function createRoutes(parts: Parts, { open, faults, onError }: Arrivals): Hono<Passage> {
  const app = new Hono<Passage>();
  app.use(async (context, next) => {
    const exchange = open(context.env);
    const fault = faults.take(exchange.record.method, exchange.record.path);
    context.set('exchange', exchange);
    context.set('fault', fault);
    return (await applyFault(exchange, fault, parts.signal)) ? RESPONSE_ALREADY_SENT : next();
  });
  app.all(
    '/results/*',
    answering((exchange, fault) => serveResult(exchange, parts.results, fault)),
  );
  for (const path of ['/api/v1/tasks', '/api/v1/tasks/*'])
    app.all(
      path,
      answering((exchange) => handleTasks(exchange, parts)),
    );
  addModelRoutes(app, parts);
  app.all('*', () => {
    throw urlError();
  });
  app.onError((error, context) => refuse(context, error, onError));
  return app;
}

/** What generates. */
function addModelRoutes(app: Hono<Passage>, parts: Parts): void {
  const chat = { ...parts, latencyMs: () => parts.settings.textMs };
  // Batch Chat is the same at an address of its own: elsewhere a host, here a path.
  for (const path of ['/compatible-mode/v1/chat/completions', '/batch/compatible-mode/v1/chat/completions'])
    app.post(
      path,
      answering((exchange) => handleChat(exchange, chat)),
    );
  app.post(
    '/compatible-mode/v1/embeddings',
    answering((exchange) => handleEmbeddings(exchange, parts)),
  );
  app.post(
    '/api/v1/services/embeddings/text-embedding/text-embedding',
    answering((exchange) => handleNativeEmbeddings(exchange, parts)),
  );
  app.post(
    '/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding',
    answering((exchange) => handleMediaEmbedding(exchange, parts)),
  );
  app.post(
    '/compatible-api/v1/reranks',
    answering((exchange) => handleRerank(exchange, parts)),
  );
  app.post(
    '/api/v1/services/rerank/text-rerank/text-rerank',
    answering((exchange) => handleNativeRerank(exchange, parts)),
  );
  app.post(
    '/api/v1/services/audio/asr/transcription',
    answering((exchange) => handleTranscription(exchange, parts)),
  );
  app.post(
    '/api/v1/services/*',
    answering((exchange) => handleSubmit(exchange, servicePath(exchange), { ...parts, chat })),
  );
  app.all('/api/v1/uploads', answering(parts.uploads.grant));
  app.post('/uploads', answering(parts.uploads.take));
  app.get('/uploads/*', answering(parts.uploads.serve));
}

function servicePath({ url: { pathname } }: Exchange): string {
  return pathname.startsWith(servicePrefix) ? pathname.slice(servicePrefix.length) : '';
}

function answering(handle: (exchange: Exchange, fault: FaultAction | undefined) => Promise<void> | void) {
  return async (context: Context<Passage>) => {
    await handle(context.get('exchange'), context.get('fault'));
    return RESPONSE_ALREADY_SENT;
  };
}

function refuse(context: Context<Passage>, error: unknown, onError: Arrivals['onError']): Response {
  const exchange = context.get('exchange');
  if (!(error instanceof Refusal)) onError(exchange, error);
  if (exchange.response.headersSent) exchange.response.destroy();
  else sendError(exchange, error);
  return RESPONSE_ALREADY_SENT;
}
