/**
 * Opens what the settings ask for: a port with metrics and health, traces, and the meter that calls report to.
 *
 * Room: src/metrics holds what an operator may watch: metrics, health, traces. It only reads and counts.
 */
import type { Logger } from 'pino';
import { type Meter, meterOf } from '../calls/meter.js';
import { listenFailure } from '../settings/help.js';
import type { GatewayParts } from './gateway-parts.js';
import { openTraces } from './traces.js';

export interface Metrics {
  meter: Meter;
  /** Address of the HTTP server; null if there is none. */
  url: string | null;
  close(): Promise<void>;
}

/** `port` undefined: no HTTP server. `parts` are read on each request, so that starting and draining show too. */
export async function openMetrics(
  { host, port }: { host: string; port: number | undefined },
  parts: GatewayParts,
  log: Logger,
): Promise<Metrics> {
  const traces = await openTraces(log);
  const prometheus = port === undefined ? undefined : await openPrometheus(host, port, parts);
  const meters = [prometheus, traces].flatMap((opened) => opened?.meter ?? []);
  return {
    meter: meterOf(meters, (error) => log.error({ err: error }, 'a call was not counted')),
    url: prometheus?.url ?? null,
    async close() {
      await Promise.all([prometheus?.close(), traces?.close()]);
    },
  };
}

async function openPrometheus(host: string, port: number, parts: GatewayParts): Promise<Metrics> {
  // Loaded only if needed: without a port nobody reads the counters.
  const [client, { createPrometheusMeter }, { watchParts }, { createReadiness }, { serveMetrics }] =
    await Promise.all([
      import('prom-client'),
      import('./prometheus.js'),
      import('./gateway-parts.js'),
      import('./readiness.js'),
      import('./server.js'),
    ]);
  const registry = new client.Registry();
  const meter = createPrometheusMeter(registry);
  watchParts(registry, parts);
  client.collectDefaultMetrics({ register: registry });
  const options = { host, port, registry, readiness: createReadiness(parts) };
  const server = await serveMetrics(options).catch((error) => {
    throw listenFailure(error, host, port, error.code === 'EADDRNOTAVAIL' ? 'metricsHost' : 'metricsPort');
  });
  return { meter, ...server };
}
