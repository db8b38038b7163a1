/** `/api/v1/tasks`: query, list and cancel, which share one rate limit. */
import { beijingTime, parseBeijingTime } from './beijing-time.js';
import { authenticate, type Exchange, sendJson } from './exchange.js';
import type { AnyOutcome, AnyWork } from './parts.js';
import type { Limiter } from './rate-limits.js';
import { refusal, urlError } from './refusal.js';
import { taskListItem, taskReply } from './replies.js';
import type { TaskQueue } from './tasks.js';

export interface TaskRouteContext {
  tasks: TaskQueue<AnyWork, AnyOutcome>;
  limiter: Limiter;
}

const dayMs = 24 * 3600_000;
const maxPageSize = 100;

function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  const atMs = parseBeijingTime(text);
  if (atMs === undefined) throw refusal.invalidParameter(`${name} must be of the form YYYYMMDDhhmmss.`);
  return atMs;
}

/** Both ends optional; the default is the day before the end, or the day after the start. */
function readSpan(query: URLSearchParams): [fromMs: number, untilMs: number] {
  const start = readTime(query, 'start_time');
  const end = readTime(query, 'end_time');
  const now = Date.now();
  const fromMs = start ?? (end ?? now) - dayMs;
  // A time counts whole seconds, so the last one is included to its end.
  const untilMs = end === undefined ? Math.min(fromMs + dayMs, now) : end + 999;
  if (fromMs > untilMs || untilMs - fromMs > dayMs + 999) {
    throw refusal.invalidParameter(
      `The time span from ${beijingTime(fromMs)} to ${beijingTime(untilMs)} must be within 24 hours.`,
    );
  }
  return [fromMs, untilMs];
}

function readCount(query: URLSearchParams, name: string, fallback: number, maximum: number): number {
  const text = query.get(name);
  if (!text) return fallback;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > maximum) {
    throw refusal.invalidParameter(`${name} must be an integer between 1 and ${maximum}.`);
  }
  return count;
}

function list(exchange: Exchange, context: TaskRouteContext): void {
  const query = exchange.url.searchParams;
  const [fromMs, untilMs] = readSpan(query);
  const pageNumber = readCount(query, 'page_no', 1, 1_000_000);
  const pageSize = readCount(query, 'page_size', 10, maxPageSize);
  const fits = (name: string, value: string) => !query.get(name) || query.get(name) === value;
  const found = context.tasks
    .list()
    .filter((task) => task.submittedAtMs >= fromMs && task.submittedAtMs <= untilMs)
    .filter(
      (task) =>
        fits('model_name', task.model.name) && fits('status', task.status) && fits('task_id', task.id),
    );
  const first = (pageNumber - 1) * pageSize;
  sendJson(exchange, 200, {
    total: found.length,
    total_page: Math.ceil(found.length / pageSize),
    page_no: pageNumber,
    page_size: pageSize,
    request_id: exchange.requestId,
    data: found.slice(first, first + pageSize).map(taskListItem),
  });
}

function cancel(exchange: Exchange, id: string, context: TaskRouteContext): void {
  if (!context.tasks.cancel(id)) {
    throw refusal.unsupportedOperation(
      'Failed to cancel the task, please confirm if the task is in PENDING status.',
    );
  }
  sendJson(exchange, 200, { request_id: exchange.requestId });
}

/** Handles everything below `/api/v1/tasks`; any key may see all tasks, as within one account. */
export function handleTasks(exchange: Exchange, context: TaskRouteContext): void {
  authenticate(exchange.request);
  context.limiter.countTaskQuery();
  const [, id = '', action] =
    /^\/api\/v1\/tasks\/?(?:([^/]+)(?:\/([^/]+))?)?$/.exec(exchange.url.pathname) ?? [];
  const { method } = exchange.request;
  if (method === 'POST' && id && action === 'cancel') cancel(exchange, id, context);
  else if (method !== 'GET' || action !== undefined) throw urlError();
  else if (id) sendJson(exchange, 200, taskReply(exchange.requestId, id, context.tasks.find(id)));
  else list(exchange, context);
}
