/** Webhooks in the engine's own table: who is told what became of calls, by administrators' word, at hosts that the operator allows. */
import { randomBytes } from 'node:crypto';
import type { EnginePool } from '../engine/pool.js';
import { KnownError } from '../errors.js';
import { isLoopback } from '../public-address.js';
import { tellGateways } from './gateways.js';
import type { SecretBox } from './secret-box.js';

export interface Webhook {
  name: string;
  url: string;
  /** A role or a group, or `public`; undefined: of whatever role, if there is a tag. */
  role: string | undefined;
  tag: string | undefined;
  /** Of receivers: `whsec_` and base64. */
  secret: string;
}

export interface Webhooks {
  /** Takes the place of what the name meant before. */
  set(webhook: Webhook, setBy: string): Promise<void>;
  /** What waits to be told there is told no more. KnownError 42704 when there is no webhook of this name. */
  remove(name: string): Promise<void>;
  /** KnownError 42704 when there is no webhook of this name. */
  require(name: string): Promise<void>;
  /** Undefined: it was removed meanwhile. */
  find(name: string): Promise<Pick<Webhook, 'url' | 'secret'> | undefined>;
}

/** Where the gateway may POST. */
export interface WebhookHosts {
  /** `hooks.example.com`, or `*.example.com` for what is under it. */
  allowed: readonly string[];
  /** The sandbox: a receiver on this machine needs neither a certificate nor the operator's word. */
  loopback: boolean;
}

export const webhookNews = 'webhooks';
const mostNamed = 20;

export function createWebhooks(pool: EnginePool, secrets: SecretBox): Webhooks {
  async function unknown(name: string): Promise<KnownError> {
    const { rows } = await pool.query<{ name: string }>(
      'SELECT webhook_name AS name FROM hologen_internal.webhook ORDER BY 1 LIMIT $1',
      [mostNamed],
    );
    return new KnownError({
      kind: 'undefinedObject',
      message: `there is no webhook "${name}"`,
      hint: `Webhooks: ${rows.map((row) => row.name).join(', ') || 'none'}. An administrator sets others with CALL set_webhook('${name}', 'https://…').`,
    });
  }
  return {
    async set({ name, url, role, tag, secret }, setBy) {
      await pool.query(
        `INSERT INTO hologen_internal.webhook (webhook_name, url, role_name, tag, secret, set_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (webhook_name) DO UPDATE SET url = excluded.url, role_name = excluded.role_name, tag = excluded.tag,
           secret = excluded.secret, set_by = excluded.set_by, set_at = clock_timestamp()`,
        [name, url, role, tag, secrets.seal(secret), setBy],
      );
      await tellGateways(pool, webhookNews);
    },
    async remove(name) {
      const { rowCount } = await pool.query(
        `WITH waiting AS (DELETE FROM hologen_internal.webhook_message WHERE webhook_name = $1 AND told_at IS NULL AND failed_at IS NULL)
         DELETE FROM hologen_internal.webhook WHERE webhook_name = $1`,
        [name],
      );
      if (rowCount === 0) throw await unknown(name);
    },
    async require(name) {
      const { rowCount } = await pool.query('SELECT FROM hologen_internal.webhook WHERE webhook_name = $1', [
        name,
      ]);
      if (rowCount === 0) throw await unknown(name);
    },
    async find(name) {
      const { rows } = await pool.query<{ url: string; secret: string }>(
        'SELECT url, secret FROM hologen_internal.webhook WHERE webhook_name = $1',
        [name],
      );
      return rows[0] && { url: rows[0].url, secret: secrets.open(rows[0].secret, name) };
    },
  };
}

/** 256 random bits, in the form of https://www.standardwebhooks.com. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Undefined: the gateway may POST there; else what is allowed. */
export function refusedAddress(text: string, { allowed, loopback }: WebhookHosts): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (loopback && url?.protocol === 'http:' && isLoopback(url)) return undefined;
  const hosts = allowed.join(', ') || 'none';
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    return `an https address without a user and password, at a host of HOLOGEN_WEBHOOK_HOSTS (${hosts})`;
  const isAllowed = allowed.some((host) =>
    host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host,
  );
  return isAllowed ? undefined : `at a host that the operator allows in HOLOGEN_WEBHOOK_HOSTS (${hosts})`;
}
