/** Counts what generation tells, as Prometheus metrics. Labels are few: model, model type, outcome, currency. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Meter, MeteredModel, Phase } from '../calls/meter.js';

/** Every deployed name is a time series of its own, and any role may deploy: later names are counted together. */
const mostModels = 200;
const otherModels = 'other';

const model = ['model', 'model_type'] as const;

/** From a picture of a small model to a video that takes its three hours. */
const waitSeconds = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800];
const copySeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

export function createPrometheusMeter(registry: Registry): Meter {
  const registers = [registry];
  const statements = new Counter({
    name: 'hologen_statements_total',
    help: 'Statements with calls that are over: committed, failed (or rolled back), refused before anything was sent.',
    labelNames: ['outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'hologen_calls_total',
    help: 'Calls that are over: succeeded, failed, refused (never sent), cancelled, unanswered (may be billed), reused.',
    labelNames: [...model, 'outcome'],
    registers,
  });
  const phaseSeconds: Record<Phase, Histogram<(typeof model)[number]>> = {
    queued: new Histogram({
      name: 'hologen_call_queue_seconds',
      help: 'How long a call waited for its turn at the provider, repeated attempts included.',
      labelNames: model,
      buckets: waitSeconds,
      registers,
    }),
    provider: new Histogram({
      name: 'hologen_call_provider_seconds',
      help: 'How long Model Studio took for a call.',
      labelNames: model,
      buckets: waitSeconds,
      registers,
    }),
    saving: new Histogram({
      name: 'hologen_call_saving_seconds',
      help: 'How long the outputs of a call took into OSS.',
      labelNames: model,
      buckets: copySeconds,
      registers,
    }),
  };
  const savedBytes = new Counter({
    name: 'hologen_saved_bytes_total',
    help: 'Bytes of outputs saved to OSS.',
    labelNames: model,
    registers,
  });
  const throttles = new Counter({
    name: 'hologen_throttled_submits_total',
    help: 'Submits that Model Studio answered with 429; each is sent again later.',
    labelNames: model,
    registers,
  });
  const retries = new Counter({
    name: 'hologen_retries_total',
    help: 'Attempts made again after a failure: submits (429 not included) and copies of outputs into OSS.',
    labelNames: [...model, 'attempt'],
    registers,
  });
  const spent = new Counter({
    name: 'hologen_spent_money_total',
    help: 'Price of calls by the price list, in units of the currency.',
    labelNames: [...model, 'currency'],
    registers,
  });

  const named = new Set<string>();
  function labelsOf({ name, modelType }: MeteredModel) {
    const key = `${name}\n${modelType}`;
    if (named.size < mostModels) named.add(key);
    return named.has(key)
      ? { model: name, model_type: modelType }
      : { model: otherModels, model_type: otherModels };
  }
  const noModel = { model: '', model_type: '' };

  return {
    callEnded(call) {
      const labels = labelsOf(call.model);
      calls.inc({ ...labels, outcome: call.outcome });
      const seconds = new Map<Phase, number>();
      for (const { phase, startedAt, endedAt } of call.phases)
        seconds.set(phase, (seconds.get(phase) ?? 0) + secondsBetween(startedAt, endedAt));
      for (const [phase, sum] of seconds) phaseSeconds[phase].observe(labels, sum);
    },
    refused: (of) => calls.inc({ ...(of ? labelsOf(of) : noModel), outcome: 'refused' }),
    repeated(of, attempt) {
      if (attempt === 'throttled') throttles.inc(labelsOf(of));
      else retries.inc({ ...labelsOf(of), attempt });
    },
    saved: (of, bytes) => savedBytes.inc(labelsOf(of), bytes),
    spent: (of, { amount, currency }) => spent.inc({ ...labelsOf(of), currency }, amount),
    statementEnded: ({ outcome }) => statements.inc({ outcome }),
  };
}

/** The machine's clock may be set back. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000;
}
