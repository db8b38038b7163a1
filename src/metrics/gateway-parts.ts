/** The parts of the gateway that metrics are read from, filled in as they start, and the metrics that are computed when scraped. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EngineAddress } from '../engine/address.js';
import type { Queue } from '../pace/schedule.js';

/** Each part is missing until it has started. */
export interface GatewayParts {
  engine?: { address: EngineAddress; restarts(): number };
  schedule?: { queues(): Queue[] };
  calls?: { heldUp(): { model: string; since: number }[] };
  /** Since when new calls are refused. */
  draining?: { drain: { since: Date } | undefined };
  webhooks?: { counts: Readonly<Record<string, number>>; waiting(): Promise<number> };
  frontend?: {
    /** False from the moment the gateway drains. */
    accepting(): boolean;
    sessions(): number;
    /** Connections turned away, by SQLSTATE. */
    refusals(): ReadonlyMap<string, number>;
  };
}

export function watchParts(registry: Registry, parts: GatewayParts): void {
  const registers = [registry];
  new Gauge({
    name: 'hologen_sessions',
    help: 'Client sessions that are open.',
    registers,
    collect() {
      this.set(parts.frontend?.sessions() ?? 0);
    },
  });
  new Counter({
    name: 'hologen_connections_refused_total',
    help: 'Connections turned away: 53300 too many clients, 57P03 the engine could not be reached.',
    labelNames: ['sqlstate'],
    registers,
    collect() {
      this.reset();
      for (const [sqlstate, count] of parts.frontend?.refusals() ?? []) this.inc({ sqlstate }, count);
    },
  });
  new Counter({
    name: 'hologen_engine_restarts_total',
    help: 'How often the embedded engine ended by itself and was started again.',
    registers,
    collect() {
      this.reset();
      this.inc(parts.engine?.restarts() ?? 0);
    },
  });
  new Gauge({
    name: 'hologen_draining_seconds',
    help: 'For how long no new calls have been taken (drain_gateway); 0: they are.',
    registers,
    collect() {
      const since = parts.draining?.drain?.since.getTime() ?? Date.now();
      this.set((Date.now() - since) / 1000);
    },
  });
  watchHoldUps(registry, parts);
  watchWebhooks(registry, parts);
  for (const gauge of queueGauges) watchQueues(registry, parts, gauge);
}

/** Calls that are paid for, and whose look-ups or copies fail: somebody should see to it within the day that the provider keeps them. */
function watchHoldUps(registry: Registry, parts: GatewayParts): void {
  const registers = [registry];
  new Gauge({
    name: 'hologen_held_up_calls',
    help: 'Calls whose look-ups or copies fail at present; hologen.jobs.hold_up says why.',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset();
      for (const { model } of parts.calls?.heldUp() ?? []) this.inc({ model });
    },
  });
  new Gauge({
    name: 'hologen_held_up_seconds',
    help: 'For how long the first of them has been held up; 0: there is none.',
    registers,
    collect() {
      const since = Math.min(...(parts.calls?.heldUp() ?? []).map((each) => each.since), Date.now());
      this.set((Date.now() - since) / 1000);
    },
  });
}

function watchWebhooks(registry: Registry, parts: GatewayParts): void {
  const registers = [registry];
  new Counter({
    name: 'hologen_webhook_attempts_total',
    help: 'Attempts to tell webhooks: told, again (not taken, told once more later), failed (given up after a day).',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(parts.webhooks?.counts ?? {}))
        this.inc({ outcome }, count);
    },
  });
  new Gauge({
    name: 'hologen_waiting_webhook_messages',
    help: 'Messages that webhooks are still to be told, of all gateways on the engine; NaN while the engine cannot say.',
    registers,
    async collect() {
      this.set((await parts.webhooks?.waiting().catch(() => Number.NaN)) ?? 0);
    },
  });
}

function watchQueues(registry: Registry, parts: GatewayParts, { name, help, of }: QueueGauge): void {
  new Gauge({
    name,
    help,
    labelNames: ['model_type'],
    registers: [registry],
    collect() {
      this.reset();
      for (const queue of parts.schedule?.queues() ?? [])
        this.inc({ model_type: queue.modelType }, of(queue));
    },
  });
}

interface QueueGauge {
  name: string;
  help: string;
  of(queue: Queue): number;
}

/** A model type has one queue for each API key and set of limits; their sum is shown. */
const queueGauges: QueueGauge[] = [
  {
    name: 'hologen_queued_calls',
    help: 'Calls that wait for their turn at the provider.',
    of: ({ queued }) => queued,
  },
  {
    name: 'hologen_running_calls',
    help: 'Calls that the provider works on.',
    of: ({ running }) => running,
  },
  {
    name: 'hologen_running_calls_limit',
    help: 'Calls that may be at the provider at once; +Inf where there is no limit.',
    of: ({ concurrentTasks }) => concurrentTasks ?? Number.POSITIVE_INFINITY,
  },
  {
    name: 'hologen_submits_per_second_pace',
    help: 'Submits a second at present: less than the limit after a 429; +Inf where there is no limit.',
    of: ({ pace }) => pace ?? Number.POSITIVE_INFINITY,
  },
];
