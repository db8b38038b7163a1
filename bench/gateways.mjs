/** The built gateway as a process of its own, beside a cloud in other processes, and what is measured of it from outside. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { start, stop } from './processes.mjs';

const program = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Model Studio, OSS and STS in another process. `setLatency` also tells how many calls it had in hand at most since the last time, `counts` how many it was sent too. */
export async function startCloud(folder) {
  const child = await start(process.execPath, [program('sandbox.mjs'), folder], /^ready (.*)\n/m, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const counts = (latencyMs) =>
    new Promise((resolve) => {
      child.once('message', resolve);
      child.send(latencyMs);
    });
  const setLatency = async (latencyMs) => (await counts(latencyMs)).mostAtOnce;
  return { ...JSON.parse(child.said), setLatency, counts, stop: () => stop(child) };
}

export async function startBigResults() {
  const child = await start(process.execPath, [program('big-result.mjs')], /^ready (.*)\n/m);
  return { url: child.said, stop: () => stop(child) };
}

/** Starts the gateway; `ms` is the time from the start of the process to the answer of its first query. */
export async function startGateway(dataDir, flags = [], environment = {}, nodeFlags = []) {
  const startedAt = performance.now();
  const args = [
    ...nodeFlags,
    program('../dist/src/cli/hologen.js'),
    'serve',
    '--data-dir',
    dataDir,
    '--port',
    '0',
    ...flags,
  ];
  const env = { ...process.env, HOLOGEN_LOG_LEVEL: 'error', ...environment };
  const child = await start(process.execPath, args, /^ready (.*)\n/m, { env });
  const { postgres } = JSON.parse(await readFile(join(dataDir, 'runtime.json'), 'utf8'));
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query('SELECT 1');
  const ms = performance.now() - startedAt;
  return {
    pid: child.pid,
    client,
    url: postgres,
    ms,
    async stop() {
      await client.end();
      await stop(child);
    },
  };
}

/** The environment that points a gateway at such a cloud. */
export function cloudEnvironment(cloud, modelStudio = cloud.modelStudio) {
  return {
    DASHSCOPE_API_KEY: 'sk-bench',
    DASHSCOPE_HTTP_BASE_URL: `${modelStudio}/api/v1`,
    HOLOGEN_OSS_ENDPOINT: cloud.oss,
    HOLOGEN_STS_ENDPOINT: cloud.sts,
    HOLOGEN_ALLOWED_ROLES: '*',
    ALIBABA_CLOUD_ACCESS_KEY_ID: cloud.keys.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: cloud.keys.accessKeySecret,
  };
}

/** The processes' highest resident memory counts anew from here (Linux). */
export async function forgetPeak(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

export async function peakBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}
