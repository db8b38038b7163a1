/** Counts what calls report, as Prometheus metrics. There are few labels: model, model type, outcome, currency. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { EndedCall, Meter, MeteredModel, Phase } from '../calls/meter.js';

/** Every deployed model is a time series, and any role may deploy: models beyond this number are counted together. */
const mostModels = 200;
const otherModels = 'other';

const model = ['model', 'model_type'] as const;

/** From a picture by a fast model to a video that takes three hours. */
const waitSeconds = [0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800];
const copySeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

export function createPrometheusMeter(registry: Registry): Meter {
  const { statements, calls, savedBytes, throttles, retries, spent } = createCounters(registry);
  const phaseSeconds = createPhaseHistograms(registry);
  const labelsOf = createLabels();
  const noModel = { model: '', model_type: '' };
  return {
    callEnded(call) {
      const labels = labelsOf(call.model);
      calls.inc({ ...labels, outcome: call.outcome });
      for (const [phase, seconds] of secondsByPhase(call)) phaseSeconds[phase].observe(labels, seconds);
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

function createCounters(registry: Registry) {
  const counter = (name: string, labelNames: string[], help: string) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  return {
    statements: counter(
      'hologen_statements_total',
      ['outcome'],
      'Statements with calls that are over: committed, failed (or rolled back), refused before anything was sent.',
    ),
    calls: counter(
      'hologen_calls_total',
      [...model, 'outcome'],
      'Calls that are over: succeeded, failed, refused (never sent), cancelled, unanswered (may be billed), reused.',
    ),
    savedBytes: counter('hologen_saved_bytes_total', [...model], 'Bytes of outputs saved to OSS.'),
    throttles: counter(
      'hologen_throttled_submits_total',
      [...model],
      'Submits that Model Studio answered with 429; each is sent again later.',
    ),
    retries: counter(
      'hologen_retries_total',
      [...model, 'attempt'],
      'Attempts made again after a failure: submits (429 not included), looks at tasks, copies of outputs into OSS.',
    ),
    spent: counter(
      'hologen_spent_money_total',
      [...model, 'currency'],
      'Price of calls by the price list, in units of the currency.',
    ),
  };
}

function createPhaseHistograms(registry: Registry): Record<Phase, Histogram<(typeof model)[number]>> {
  const histogram = (name: string, buckets: number[], help: string) =>
    new Histogram({ name, help, labelNames: model, buckets, registers: [registry] });
  return {
    queued: histogram(
      'hologen_call_queue_seconds',
      waitSeconds,
      'How long a call waited for its turn at the provider, repeated attempts included.',
    ),
    provider: histogram(
      'hologen_call_provider_seconds',
      waitSeconds,
      'How long Model Studio took for a call.',
    ),
    saving: histogram(
      'hologen_call_saving_seconds',
      copySeconds,
      'How long the outputs of a call took into OSS.',
    ),
  };
}

function createLabels(): (of: MeteredModel) => { model: string; model_type: string } {
  const named = new Set<string>();
  return ({ name, modelType }) => {
    const key = `${name}\n${modelType}`;
    if (named.size < mostModels) named.add(key);
    return named.has(key)
      ? { model: name, model_type: modelType }
      : { model: otherModels, model_type: otherModels };
  };
}

/** Phases that occurred more than once are added up. */
function secondsByPhase({ phases }: EndedCall): Map<Phase, number> {
  const seconds = new Map<Phase, number>();
  for (const { phase, startedAt, endedAt } of phases)
    seconds.set(phase, (seconds.get(phase) ?? 0) + secondsBetween(startedAt, endedAt));
  return seconds;
}

/** Never negative, even if the machine's clock was set back. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000;
}
