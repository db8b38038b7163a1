/** Tells webhooks what is written down for them: signed, again with growing pauses where that fails, over restarts, for a day at most. */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { request } from 'undici';
import type { EnginePool } from '../engine/pool.js';
import { tellGateways } from './gateways.js';
import { refusedAddress, type WebhookHosts, type Webhooks, webhookNews } from './webhooks.js';

export interface WebhookMessages {
  /** Something new is written, here or by another gateway. */
  wake(): void;
  /** Attempts of this gateway since it started. */
  counts: Readonly<Record<Attempt, number>>;
  /** Messages of all gateways that are neither told nor failed. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

/** `again`: it was not taken and is told once more; `failed`: it was not taken for a day, and is told no more. */
type Attempt = 'told' | 'again' | 'failed';

export interface Delivery {
  pool: EnginePool;
  webhooks: Webhooks;
  hosts: WebhookHosts;
  /** The operator's own address, which is told of budgets, without a signature. */
  budgets: { readonly budgetWebhook: URL | undefined };
  log: Logger;
}

interface Message {
  message_id: string;
  webhook_name: string;
  body: string;
  attempts: number;
}

/** In the place of a webhook's name: the operator's own address. */
const operatorsOwn = '';
/** To one webhook, by this gateway: one that is slow does not keep the others waiting. */
const mostAtOnce = 4;
const longestAnswerMs = 10_000;
const longestSleepMs = 60_000;
/** Of an answer: nobody reads it. */
const longestAnswer = 16 * 1024;
const longestProblem = 500;

/** A gateway that ends in the middle of telling leaves the message to whoever looks after this time. */
const take = `
  UPDATE hologen_internal.webhook_message SET attempts = attempts + 1, next_at = clock_timestamp() + interval '1 minute'
  WHERE message_id IN (SELECT message_id FROM hologen_internal.webhook_message
    WHERE told_at IS NULL AND failed_at IS NULL AND next_at <= clock_timestamp() AND webhook_name <> ALL ($1)
    ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING message_id, webhook_name, body, attempts`;

const told =
  'UPDATE hologen_internal.webhook_message SET told_at = clock_timestamp(), problem = NULL WHERE message_id = $1';

/** One second, two, four … an hour; after a day it has failed. */
const notTold = `
  UPDATE hologen_internal.webhook_message SET problem = $2,
    failed_at = CASE WHEN made_at < clock_timestamp() - interval '1 day' THEN clock_timestamp() END,
    next_at = clock_timestamp() + least(interval '1 hour', interval '1 second' * power(2, least(attempts - 1, 12)))
  WHERE message_id = $1 RETURNING failed_at`;

/** The operator's own, which only a gateway with the operator's address takes: none has had one for a day. */
const notHeard = `
  UPDATE hologen_internal.webhook_message SET failed_at = clock_timestamp(), problem = 'no gateway has HOLOGEN_BUDGET_WEBHOOK'
  WHERE webhook_name = '' AND told_at IS NULL AND failed_at IS NULL AND made_at < clock_timestamp() - interval '1 day'`;

const forgetOld =
  "DELETE FROM hologen_internal.webhook_message WHERE made_at < clock_timestamp() - interval '8 days'";

const nextDue = `
  SELECT extract(epoch FROM min(next_at) - clock_timestamp())::float8 * 1000 AS ms FROM hologen_internal.webhook_message
  WHERE told_at IS NULL AND failed_at IS NULL AND webhook_name <> ALL ($1)`;

const stillWaiting =
  'SELECT count(*)::int4 AS waiting FROM hologen_internal.webhook_message WHERE told_at IS NULL AND failed_at IS NULL';

export function deliverWebhooks(delivery: Delivery): WebhookMessages {
  const closing = new AbortController();
  const counts = { told: 0, again: 0, failed: 0 };
  let waked = new AbortController();
  const wake = () => waked.abort();
  const underWay: UnderWay = new Map();
  const leftAlone = () => [...(delivery.budgets.budgetWebhook ? [] : [operatorsOwn]), ...busy(underWay)];

  function begin(message: Message): void {
    const own = underWay.get(message.webhook_name) ?? new Set();
    underWay.set(message.webhook_name, own);
    const telling = tell(message, delivery, closing.signal).then((attempt) => {
      if (attempt) counts[attempt] += 1;
      own.delete(telling);
      wake();
    });
    own.add(telling);
  }

  async function lookOnce(): Promise<void> {
    const { pool, log } = delivery;
    waked = new AbortController();
    try {
      const { rows } = await pool.query<Message>(take, [leftAlone(), places(underWay)]);
      for (const message of rows) begin(message);
      if (rows.length > 0) return;
      counts.failed += await endOld(delivery);
      const { rows: due } = await pool.query<{ ms: number | null }>(nextDue, [leftAlone()]);
      const ms = Math.max(0, Math.min(due[0]?.ms ?? longestSleepMs, longestSleepMs));
      await sleep(ms, [waked.signal, closing.signal]);
    } catch (error) {
      if (closing.signal.aborted) return;
      log.warn({ err: error }, 'what webhooks are to be told could not be read; it is tried again');
      await sleep(1_000, [closing.signal]);
    }
  }

  const running = (async () => {
    while (!closing.signal.aborted) await lookOnce();
    await Promise.all([...underWay.values()].flatMap((each) => [...each]));
  })();
  return {
    wake,
    counts,
    async waiting() {
      const { rows } = await delivery.pool.query<{ waiting: number }>(stillWaiting);
      return rows[0]?.waiting ?? 0;
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** By the name of the webhook. */
type UnderWay = Map<string, Set<Promise<void>>>;

function busy(underWay: UnderWay): string[] {
  return [...underWay].filter(([, each]) => each.size >= mostAtOnce).map(([name]) => name);
}

/** So many more have a place with each webhook that is not busy, whichever they are for. */
function places(underWay: UnderWay): number {
  const sizes = [...underWay.values()].map(({ size }) => size).filter((size) => size < mostAtOnce);
  return mostAtOnce - Math.max(0, ...sizes);
}

/** How many messages have failed by it. */
async function endOld({ pool, budgets }: Delivery): Promise<number> {
  const failed = budgets.budgetWebhook ? 0 : (await pool.query(notHeard)).rowCount;
  await pool.query(forgetOld);
  return failed ?? 0;
}

async function sleep(ms: number, signals: AbortSignal[]): Promise<void> {
  await delay(ms, undefined, { signal: AbortSignal.any(signals), ref: false }).catch(() => {});
}

/** Never rejects. Undefined: what became of it could not be written down, or its webhook was removed meanwhile. */
async function tell(
  message: Message,
  { pool, webhooks, hosts, budgets, log }: Delivery,
  closing: AbortSignal,
): Promise<Attempt | undefined> {
  const { message_id: id, webhook_name: name, body } = message;
  try {
    const problem = await post(name, id, body).catch((error: NodeJS.ErrnoException) =>
      String(error.code ?? error.message).slice(0, longestProblem),
    );
    if (problem === undefined) {
      await pool.query(told, [id]);
      return 'told';
    }
    const { rows } = await pool.query<{ failed_at: Date | null }>(notTold, [id, problem]);
    if (!rows[0]) return undefined;
    if (!rows[0].failed_at) return 'again';
    log.error({ webhook: name, message: id, problem }, 'a webhook was not told');
    return 'failed';
  } catch (error) {
    // It is told once more: receivers know it again by its id.
    log.warn({ err: error, webhook: name, message: id }, 'what a webhook was told could not be written');
    return undefined;
  }

  async function post(name: string, id: string, body: string): Promise<string | undefined> {
    const own = name === operatorsOwn ? budgets.budgetWebhook : undefined;
    if (own) return postOnce(own.href, signed(id, body), closing);
    const webhook = await webhooks.find(name);
    if (!webhook) return 'the webhook was removed';
    const refused = refusedAddress(webhook.url, hosts);
    if (refused) return `its address is not ${refused}`;
    return postOnce(webhook.url, signed(id, body, webhook.secret), closing);
  }
}

interface Signed {
  body: string;
  headers: Record<string, string>;
}

/** The form of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function signed(messageId: string, body: string, secret?: string): Signed {
  const id = `msg_${messageId}`;
  const seconds = String(Math.floor(Date.now() / 1000));
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': seconds };
  if (secret === undefined) return { body, headers };
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { body, headers: { ...headers, 'webhook-signature': `v1,${signature}` } };
}

/** Undefined: it was taken. A redirect is not followed: it could lead where the operator has not allowed. */
async function postOnce(
  url: string,
  { body, headers }: Signed,
  closing: AbortSignal,
): Promise<string | undefined> {
  const answer = await request(url, {
    method: 'POST',
    body,
    headers,
    signal: AbortSignal.any([AbortSignal.timeout(longestAnswerMs), closing]),
  });
  await answer.body.dump({ limit: longestAnswer });
  return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `answered ${answer.statusCode}`;
}

/** For the operator's own address. */
export async function tellOfBudget(pool: EnginePool, body: unknown): Promise<void> {
  await pool.query(`INSERT INTO hologen_internal.webhook_message (webhook_name, body) VALUES ($1, $2)`, [
    operatorsOwn,
    JSON.stringify(body),
  ]);
  await tellGateways(pool, webhookNews);
}
