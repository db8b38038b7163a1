/** Traces of statements and their calls through OpenTelemetry, if its standard environment variables ask for them. */
import type { Attributes } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { EndedCall, EndedStatement, Meter, MeteredStatement } from '../calls/meter.js';
import { UsageError } from '../errors.js';

export interface Traces {
  meter: Meter;
  /** Sends what is left, within a few seconds. */
  close(): Promise<void>;
}

/** The exporters themselves read address, headers, certificates and timeouts from the environment. */
const exporters: Record<string, () => Promise<SpanExporter>> = {
  'http/protobuf': async () => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
    return new OTLPTraceExporter();
  },
  'http/json': async () => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    return new OTLPTraceExporter();
  },
};

/** A statement with thousands of calls ends with as many spans at once; the library's default of 2048 would drop some. */
const mostSpansWaiting = 32_768;
const longestFlushMs = 5_000;

/**
 * Undefined if the environment asks for no traces; nothing of OpenTelemetry is loaded then. A UsageError names what it asks for but is not
 * available. Variables: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function openTraces(log: Logger): Promise<Traces | undefined> {
  const protocol = wantedProtocol(process.env);
  if (protocol === undefined) return undefined;
  const [api, sdk, { defaultResource, detectResources, envDetector, resourceFromAttributes }, exporter] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      exporters[protocol]?.() as Promise<SpanExporter>,
    ]).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      throw new UsageError(
        'OpenTelemetry is asked for, but its packages are not installed: npm install --include=optional',
      );
    });
  const say = (message: string) => log.warn({ from: 'OpenTelemetry' }, message.slice(0, 500));
  const silent = () => {};
  api.diag.setLogger(
    { error: say, warn: say, info: silent, debug: silent, verbose: silent },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const waiting = process.env.OTEL_BSP_MAX_QUEUE_SIZE ? {} : { maxQueueSize: mostSpansWaiting };
  const provider = new sdk.BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'hologen' }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, waiting)],
  });
  return {
    meter: createTraceMeter(api, provider.getTracer('hologen')),
    async close() {
      const late = new Promise((resolve) => setTimeout(resolve, longestFlushMs).unref());
      await Promise.race([provider.shutdown(), late]);
    },
  };
}

function wantedProtocol(environment: NodeJS.ProcessEnv): string | undefined {
  const value = (...names: string[]) => names.map((name) => environment[name]?.trim()).find(Boolean);
  const exporter = value('OTEL_TRACES_EXPORTER');
  const address = value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (value('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  if (exporter === 'none' || (exporter === undefined && address === undefined)) return undefined;
  if (exporter !== undefined && exporter !== 'otlp')
    throw new UsageError(`OTEL_TRACES_EXPORTER must be otlp or none, not "${exporter}"`);
  const [name, otherName] = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'] as const;
  const protocol = value(name, otherName) ?? 'http/protobuf';
  if (Object.hasOwn(exporters, protocol)) return protocol;
  throw new UsageError(
    `${value(name) ? name : otherName} must be ${Object.keys(exporters).join(' or ')}, not "${protocol}"`,
  );
}

type Api = typeof import('@opentelemetry/api');

interface Tracing {
  api: Api;
  tracer: import('@opentelemetry/api').Tracer;
  /** Spans are garbage collected with their statements, which are held by calls that outlive them. */
  spans: WeakMap<MeteredStatement, import('@opentelemetry/api').Span>;
}

/** Spans are created when the work is over, with its start and end times; until then only the statement's identity is kept. */
function createTraceMeter(api: Api, tracer: Tracing['tracer']): Meter {
  const tracing: Tracing = { api, tracer, spans: new WeakMap() };
  const untold = () => {};
  return {
    callEnded: (call) => callEnded(tracing, call),
    statementEnded: (statement) => statementEnded(tracing, statement),
    refused: untold,
    repeated: untold,
    saved: untold,
    spent: untold,
  };
}

function statementSpan({ api, tracer, spans }: Tracing, statement: MeteredStatement) {
  const known = spans.get(statement);
  if (known) return known;
  const { id, startedAt, origin } = statement;
  const attributes = {
    'hologen.statement_id': id,
    'hologen.role': origin.role,
    'db.namespace': origin.database,
  };
  const options = { startTime: new Date(startedAt), attributes, kind: api.SpanKind.SERVER };
  const span = tracer.startSpan('statement', options, api.ROOT_CONTEXT);
  spans.set(statement, span);
  return span;
}

function callEnded(tracing: Tracing, call: EndedCall): void {
  const { api, tracer } = tracing;
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const parent = call.statement
    ? trace.setSpan(ROOT_CONTEXT, statementSpan(tracing, call.statement))
    : ROOT_CONTEXT;
  const options = { startTime: new Date(call.startedAt), attributes: callAttributes(call) };
  const span = tracer.startSpan(`ai_gen ${call.model.name}`, options, parent);
  if (['failed', 'refused', 'unanswered'].includes(call.outcome))
    span.setStatus({ code: SpanStatusCode.ERROR });
  const inCall = trace.setSpan(ROOT_CONTEXT, span);
  for (const { phase, startedAt, endedAt } of call.phases) {
    const kind = phase === 'queued' ? SpanKind.INTERNAL : SpanKind.CLIENT;
    tracer.startSpan(phase, { startTime: new Date(startedAt), kind }, inCall).end(new Date(endedAt));
  }
  span.end(new Date(call.endedAt));
}

function statementEnded(tracing: Tracing, { statement, outcome, calls, endedAt }: EndedStatement): void {
  const span = statementSpan(tracing, statement);
  span.setAttributes({ 'hologen.outcome': outcome, 'hologen.calls': calls });
  if (outcome !== 'committed') span.setStatus({ code: tracing.api.SpanStatusCode.ERROR });
  span.end(new Date(endedAt));
}

function callAttributes({ jobId, model, scenario, outcome, providerRequestId }: EndedCall): Attributes {
  return {
    'hologen.job_id': jobId,
    'hologen.model': model.name,
    'hologen.model_type': model.modelType,
    'hologen.scenario': scenario,
    'hologen.outcome': outcome,
    ...(providerRequestId && { 'hologen.provider_request_id': providerRequestId }),
  };
}
