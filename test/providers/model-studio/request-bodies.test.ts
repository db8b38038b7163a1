/** What Model Studio receives, for every scenario and model type, next to what its API pages ask for. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aiGen, anyDirectory, deploy, rights } from '../../calls/statements.js';
import { type SandboxRequest, startTestGateway, type TestGateway } from '../../gateway.js';
import { bodyRows, putFiles } from './bodies/all.js';
import type { BodyRow } from './bodies/row.js';

const cases = bodyRows.flatMap((row) =>
  row.modelTypes.map((modelType) => ({ ...row, modelType, name: `${modelType}: ${row.what}` })),
);

let gateway: TestGateway;
let client: pg.Client;
const deployed = new Map<string, string>();
const received: { row: (typeof cases)[number]; request: SandboxRequest; body: unknown }[] = [];

beforeAll(async () => {
  gateway = await startTestGateway({ sandboxImageMs: '0', sandboxVideoMs: '0' });
  client = await gateway.client();
  await putFiles(gateway.dataDir);
  for (const { modelType, task } of cases) {
    if (!deployed.has(modelType))
      deployed.set(modelType, await deploy(client, modelType, task ?? 'image-generation'));
  }
});
afterAll(async () => {
  await writeTable();
  await gateway?.close();
});

/** The presigned URL's object; everything that lets the provider read it must be in the URL. */
function unsign(value: unknown, seen: URL[]): unknown {
  if (typeof value === 'string' && value.startsWith('http')) {
    const url = new URL(value);
    // A page of the web stays what it is.
    if (!url.searchParams.has('x-oss-signature')) return value;
    seen.push(url);
    return `signed:oss:/${decodeURIComponent(url.pathname)}`;
  }
  if (Array.isArray(value)) return value.map((item) => unsign(item, seen));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unsign(item, seen)]));
}

function expectSigned({ searchParams }: URL): void {
  expect(searchParams.get('x-oss-signature-version')).toBe('OSS4-HMAC-SHA256');
  expect(searchParams.get('x-oss-signature')).toMatch(/^[0-9a-f]{64}$/);
  expect(searchParams.get('x-oss-credential')).toMatch(/\/\d{8}\/cn-hangzhou\/oss\/aliyun_v4_request$/);
  expect(searchParams.get('x-oss-security-token')).toBeTruthy();
  // Longer than any task waits before it fetches its media, and not longer than the role's credentials live.
  expect(Number(searchParams.get('x-oss-expires'))).toBeGreaterThan(3000);
  expect(Number(searchParams.get('x-oss-expires'))).toBeLessThanOrEqual(3600);
}

/** What a call was estimated at is what the ledger has; input videos, whose length only the provider reads, are estimated with the most. */
async function expectEstimated(row: BodyRow): Promise<void> {
  const { rows } = await client.query(
    'SELECT price::float8, estimated_price::float8 AS estimated FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 1',
  );
  const { price, estimated } = rows[0];
  expect(price).toBeGreaterThan(0);
  const openEnded = /"duration":-1/.test(JSON.stringify(row.request));
  if (openEnded) expect(estimated).toBeGreaterThanOrEqual(price);
  else expect(estimated).toBe(price);
}

async function run(row: BodyRow, model: string): Promise<string> {
  if (!row.requestSql) return aiGen(client, model, row.request, row.file ?? anyDirectory);
  const { rows } = await client.query(`SELECT ai_gen($1, ${row.requestSql}, to_file($2, $3, $4)) AS result`, [
    model,
    row.file ?? anyDirectory,
    ...rights,
  ]);
  return rows[0].result;
}

describe.each([...new Set(cases.map((each) => each.scenario))])('%s', (scenario) => {
  const own = cases.filter((each) => each.scenario === scenario);
  test.each(own.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    await gateway.forgetRequests();
    expect(await run(row, deployed.get(row.modelType) as string)).not.toBe('');
    const requests = await gateway.requests();
    expect(requests).toHaveLength(1);
    if (row.path.includes('/services/aigc/')) await expectEstimated(row);
    const request = requests[0] as SandboxRequest;
    const urls: URL[] = [];
    const body = unsign(request.body, urls);
    received.push({ row, request, body });
    expect(body).toEqual({ model: row.modelType, ...row.body });
    for (const url of urls) expectSigned(url);
    expect(request.path).toBe(row.path);
    expect(request.headers['x-dashscope-async']).toBe(row.mode === 'async' ? 'enable' : undefined);
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.headers.authorization).toMatch(/^Bearer sk-/);
    // The oss:// paths are ours: the provider must not be asked to resolve any.
    expect(request.headers['x-dashscope-ossresourceresolve']).toBeUndefined();
    expect(JSON.stringify(request.body)).not.toContain('oss://');
  });
});

test('the tables have every scenario of every supported model type', async () => {
  const { rows: pairs } = await client.query(
    "SELECT model_type || ': ' || unnest(scenarios) AS pair FROM hologen.supported_models WHERE task LIKE '%-generation'",
  );
  const covered = new Set(cases.map((each) => `${each.modelType}: ${each.scenario}`));
  expect(pairs.length).toBeGreaterThan(20);
  expect(pairs.filter(({ pair }) => !covered.has(pair))).toEqual([]);
});

/** For a report: HOLOGEN_BODY_TABLE=table.md puts the table as sent into the folder for temporary files. */
async function writeTable(): Promise<void> {
  const name = process.env.HOLOGEN_BODY_TABLE;
  if (!name) return;
  const cell = (value: unknown) => JSON.stringify(value).replaceAll('|', '\\|');
  const lines = received.map(({ row, request, body }) => {
    const mode = request.headers['x-dashscope-async'] ? 'async' : 'sync';
    return `| ${row.scenario} | ${row.modelType} | ${row.what} | ${request.path} | ${mode} | \`${cell(body)}\` |`;
  });
  const head = ['| scenario | model type | row | path | mode | body |', '|---|---|---|---|---|---|'];
  await writeFile(join(tmpdir(), basename(name)), `${[...head, ...lines].join('\n')}\n`);
}
