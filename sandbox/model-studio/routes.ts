/** From a path to its handler, with armed faults in between. */
import { setTimeout as delay } from 'node:timers/promises';
import { handleChat } from './chat.js';
import { handleEmbeddings } from './embeddings.js';
import { type Exchange, sendError } from './exchange.js';
import type { FaultAction } from './faults.js';
import type { Parts } from './parts.js';
import { Refusal, urlError } from './refusal.js';
import type { ResultStore } from './results.js';
import { handleSubmit } from './submit.js';
import { handleTasks } from './task-routes.js';

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

async function route(exchange: Exchange, fault: FaultAction | undefined, parts: Parts): Promise<void> {
  const { pathname } = exchange.url;
  const post = exchange.request.method === 'POST';
  if (pathname.startsWith('/results/')) return serveResult(exchange, parts.results, fault);
  if (/^\/api\/v1\/tasks(\/|$)/.test(pathname)) return handleTasks(exchange, parts);
  if (post && pathname === '/compatible-mode/v1/chat/completions') {
    return handleChat(exchange, { ...parts, latencyMs: () => parts.settings.textMs });
  }
  if (post && pathname === '/compatible-mode/v1/embeddings') return handleEmbeddings(exchange);
  if (post && pathname.startsWith('/api/v1/services/')) {
    const path = pathname.startsWith(servicePrefix) ? pathname.slice(servicePrefix.length) : '';
    return handleSubmit(exchange, path, parts);
  }
  throw urlError();
}

/** Answers one request to the end; what is not a Refusal goes to `onError` as well. */
export async function answer(
  exchange: Exchange,
  fault: FaultAction | undefined,
  parts: Parts,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    if (!(await applyFault(exchange, fault, parts.signal))) await route(exchange, fault, parts);
  } catch (error) {
    if (!(error instanceof Refusal)) onError(error);
    if (exchange.response.headersSent) exchange.response.destroy();
    else sendError(exchange, error);
  }
}
