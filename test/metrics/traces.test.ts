/** Traces as a collector receives them over OTLP/HTTP: a span a statement, under it its calls, under each what it waited for. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { hologen, makeDirectory, type SpawnedGateway, serve, stopGateways } from '../cli/spawned-gateway.js';
import { refusal } from '../gateway.js';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
  status: { code?: number };
}

/** The collector's end of OTLP/HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
async function startCollector() {
  const requests: {
    path: string;
    contentType: string;
    headers: NodeJS.Dict<string | string[]>;
    body: Buffer;
  }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const contentType = request.headers['content-type'] ?? '';
    requests.push({
      path: request.url ?? '',
      contentType,
      headers: request.headers,
      body: Buffer.concat(chunks),
    });
    response
      .writeHead(200, { 'content-type': contentType })
      .end(contentType.includes('json') ? '{}' : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const exported = () => requests.flatMap(({ body }) => JSON.parse(body.toString()).resourceSpans);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    resources: () => exported().map((each) => attributesOf(each.resource)),
    spans: (): Span[] =>
      exported().flatMap((each) => each.scopeSpans.flatMap((scope: { spans: Span[] }) => scope.spans)),
    close: () => server.close(),
  };
}

const attributesOf = ({ attributes }: Pick<Span, 'attributes'>) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
const millisecondsOf = (span: Span) =>
  Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6;

const directories: string[] = [];
const collectors: Awaited<ReturnType<typeof startCollector>>[] = [];
afterEach(stopGateways);
afterAll(async () => {
  for (const collector of collectors) collector.close();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function traced(environment: NodeJS.ProcessEnv) {
  const collector = await startCollector();
  collectors.push(collector);
  const directory = await makeDirectory();
  directories.push(directory);
  const gateway = await serve(directory, ['--sandbox', '--sandbox-image-ms', '300'], {
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...environment,
    },
  });
  return { collector, gateway };
}

async function run(gateway: SpawnedGateway, statement: string): Promise<void> {
  const client = await gateway.client();
  await client.query(statement).catch(() => {});
  await client.end();
}

const saved = `to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/x')`;

test('a statement with two calls is one trace, with what each call waited for, and no word of its prompt', async () => {
  const { collector, gateway } = await traced({
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop',
  });
  await run(
    gateway,
    `SELECT ai_gen('qwen_image_2_pro', json_build_object('prompt', 'a heron ' || n, 'output_dir', 'oss://demo/t/')::text, ${saved})
     FROM generate_series(1, 2) AS n`,
  );
  await expect.poll(() => collector.spans().filter(({ name }) => name === 'statement').length).toBe(1);
  const spans = collector.spans();
  const [root] = spans.filter(({ name }) => name === 'statement') as [Span];
  const calls = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(root.parentSpanId).toBeUndefined();
  expect(calls).toHaveLength(2);

  const client = await gateway.client();
  const { rows: jobs } = await client.query('SELECT job_id, provider_request_id FROM hologen.jobs');
  await client.end();
  expect(attributesOf(root)).toMatchObject({
    'hologen.role': 'hologen',
    'db.namespace': 'hologen',
    'hologen.outcome': 'committed',
    'hologen.calls': 2,
  });
  for (const call of calls) {
    const { 'hologen.job_id': id, ...attributes } = attributesOf(call);
    expect(attributes).toEqual({
      'hologen.model': 'qwen_image_2_pro',
      'hologen.model_type': 'qwen-image-2.0-pro',
      'hologen.scenario': 'text-to-image',
      'hologen.outcome': 'succeeded',
      'hologen.provider_request_id': jobs.find(({ job_id }) => job_id === id)?.provider_request_id,
    });
    const phases = spans.filter(({ parentSpanId }) => parentSpanId === call.spanId);
    expect(phases.map(({ name }) => name)).toEqual(['queued', 'provider', 'saving']);
    const [, provider] = phases as [Span, Span];
    expect(millisecondsOf(provider)).toBeGreaterThanOrEqual(290);
    for (const phase of phases) {
      expect(BigInt(phase.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(call.startTimeUnixNano));
      expect(BigInt(phase.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(call.endTimeUnixNano));
    }
  }
  expect(collector.resources()[0]).toMatchObject({
    'service.name': 'hologen',
    'deployment.environment.name': 'test',
  });
  const [request] = collector.requests;
  expect(request).toMatchObject({ path: '/v1/traces', headers: { 'x-tenant': 'shop' } });
  expect(collector.requests.map(({ body }) => body.toString()).join()).not.toMatch(/heron|oss:/);
});

test('attempts that are repeated, refusals and failures show; what is left is sent when the gateway stops', async () => {
  const { collector, gateway } = await traced({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_SERVICE_NAME: 'pictures',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  });
  await run(gateway, `SELECT ai_gen('qwen_image_2', '{"prompt": "again [[sandbox:throttle=1]]"}', NULL)`);
  await run(gateway, `SELECT ai_gen('qwen_image_2', '{"prompt": "no [[sandbox:refuse]]"}', NULL)`);
  await run(gateway, `SELECT ai_gen('no_such_model', '{"prompt": "x"}', NULL)`);
  await run(gateway, 'SELECT 1');
  expect(collector.requests).toHaveLength(0);
  gateway.kill('SIGTERM');
  expect(await gateway.exit).toBe(0);
  const spans = collector.spans();
  const outcomes = (name: string) =>
    spans
      .filter((span) => span.name === name)
      .map((span) => [attributesOf(span)['hologen.outcome'], span.status.code ?? 0]);
  expect(outcomes('statement')).toEqual([
    ['committed', 0],
    ['failed', 2],
    ['refused', 2],
  ]);
  expect(outcomes('ai_gen qwen_image_2')).toEqual([
    ['succeeded', 0],
    ['failed', 2],
  ]);
  const [first] = spans.filter(({ name }) => name === 'ai_gen qwen_image_2') as [Span];
  expect(spans.filter(({ parentSpanId }) => parentSpanId === first.spanId).map(({ name }) => name)).toEqual([
    'queued',
    'provider',
    'queued',
    'provider',
  ]);
  expect(collector.resources()[0]).toMatchObject({ 'service.name': 'pictures' });
});

test('protobuf is spoken where nothing else is asked for, and unsampled traces are not sent', async () => {
  const { collector, gateway } = await traced({});
  await run(gateway, `SELECT ai_gen('qwen_image_2', '{"prompt": "a heron"}', NULL)`);
  await expect.poll(() => collector.requests.length).toBeGreaterThan(0);
  const [request] = collector.requests;
  expect(request?.contentType).toBe('application/x-protobuf');
  expect(request?.body.includes('ai_gen qwen_image_2')).toBe(true);

  const silent = await traced({ OTEL_TRACES_SAMPLER: 'always_off' });
  await run(silent.gateway, `SELECT ai_gen('qwen_image_2', '{"prompt": "a heron"}', NULL)`);
  silent.gateway.kill('SIGTERM');
  expect(await silent.gateway.exit).toBe(0);
  expect(silent.collector.requests).toHaveLength(0);
});

test('a collector that is away costs no call, and the log says so without the gateway stopping', async () => {
  const directory = await makeDirectory();
  directories.push(directory);
  const gateway = await serve(directory, ['--sandbox', '--sandbox-image-ms', '1'], {
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  });
  const client = await gateway.client();
  for (const n of [1, 2, 3])
    await client.query(`SELECT ai_gen('qwen_image_2', '{"prompt": "heron ${n}"}', NULL)`);
  expect(await refusal(client.query('SELECT 1 / 0'))).toMatchObject({ code: '22012' });
  await client.end();
  await expect.poll(() => gateway.printed.stderr).toMatch(/"from":"OpenTelemetry"/);
  gateway.kill('SIGTERM');
  expect(await gateway.exit).toBe(0);
});

test.each([
  [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /OTEL_TRACES_EXPORTER must be otlp or none/],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    /OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf or http\/json/,
  ],
])('%j is refused at the start', async (environment, said) => {
  const directory = await makeDirectory();
  directories.push(directory);
  const { code, stderr } = await hologen(['serve', '--sandbox', '--data-dir', directory, '--port', '0'], {
    environment,
  });
  expect(stderr).toMatch(said);
  expect(code).toBe(2);
});
