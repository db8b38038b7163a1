/** Generation: many calls at once, what a call costs the gateway, a big output, the job as it is written today, starting. */
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import {
  cloudEnvironment,
  forgetPeak,
  peakBytes,
  startBigResults,
  startCloud,
  startGateway,
} from './gateways.mjs';
import { cpuMs, median, residentBytes, table } from './processes.mjs';

const sizes = {
  full: {
    rounds: 3,
    calls: 1000,
    latencyMs: 2000,
    cpuLatencyMs: 200,
    rows: 200,
    rowMs: 100,
    bigBytes: 2 * 1024 ** 3,
    bigRounds: 2,
  },
  quick: {
    rounds: 1,
    calls: 200,
    latencyMs: 500,
    cpuLatencyMs: 100,
    rows: 40,
    rowMs: 100,
    bigBytes: 256 * 1024 ** 2,
    bigRounds: 1,
  },
};
const limit = 50;
const access = `'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1234567890123456:role/bench'`;
const pictureType = 'qwen-image-2.0';

/** `quick`, or the number of rounds; medians over them. The big output takes most of the time, so it has its own. */
export async function benchGeneration([size]) {
  const plan =
    size === 'quick'
      ? sizes.quick
      : { ...sizes.full, ...(size && { rounds: Number(size), bigRounds: Number(size) }) };
  const folder = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  await chmod(folder, 0o755);
  const cloud = await startCloud(join(folder, 'cloud'));
  try {
    const { manyCalls, job } = await withGateway(
      folder,
      'many',
      cloud,
      cloud.modelStudio,
      async (gateway) => ({
        manyCalls: await benchManyCalls(gateway, cloud, plan),
        job: await benchJob(gateway, cloud, plan),
      }),
    );
    const saving = await benchSaving(folder, cloud, plan);
    const starting = await benchStarting(folder, plan);
    return { plan, manyCalls, job, saving, starting };
  } finally {
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function withGateway(folder, name, cloud, modelStudio, work) {
  const gateway = await startGateway(join(folder, name), [], cloudEnvironment(cloud, modelStudio));
  try {
    const models = [
      ['bench_text', 'qwen-plus', 'chat/completions'],
      ['bench_picture', pictureType, 'image-generation'],
    ];
    for (const [sqlName, modelType, task] of models) {
      const config = JSON.stringify({ submits_per_second: 10_000, concurrent_tasks: limit });
      await gateway.client.query(
        `CALL register_external_model('${sqlName}', '${modelType}', 'bailian', '${config}', '${task}')`,
      );
    }
    return await work(gateway);
  } finally {
    await gateway.stop();
  }
}

/** Requests that no earlier statement made, so that nothing is reused. */
let statements = 0;
const kinds = {
  text: (rows) =>
    `SELECT ai_gen('bench_text', 'statement ${++statements}, row ' || i) FROM generate_series(1, ${rows}) AS i`,
  picture: (rows) =>
    `SELECT ai_gen('bench_picture', json_build_object('prompt', 'statement ${++statements}, row ' || i)::text, NULL)
     FROM generate_series(1, ${rows}) AS i`,
};

async function timed(work) {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

/** Makespan over the best possible, and processor time, at the aimed-for latency and at a short one, where nobody waits for the provider. */
async function benchManyCalls(gateway, cloud, plan) {
  const {
    rows: [{ pid }],
  } = await gateway.client.query('SELECT pg_backend_pid() AS pid');
  const measure = async (kind, latencyMs) => {
    await cloud.setLatency(latencyMs);
    const before = { gateway: await cpuMs(gateway.pid), engine: await cpuMs(pid) };
    const { ms, value } = await timed(() => gateway.client.query(kinds[kind](plan.calls)));
    if (value.rowCount !== plan.calls) throw new Error(`${value.rowCount} rows of ${plan.calls}`);
    return {
      ms,
      makespan: ms / (Math.ceil(plan.calls / limit) * latencyMs),
      gatewayMs: ((await cpuMs(gateway.pid)) - before.gateway) / plan.calls,
      backendMs: ((await cpuMs(pid)) - before.engine) / plan.calls,
      mostAtOnce: await cloud.setLatency(latencyMs),
    };
  };
  const results = [];
  for (const latencyMs of [plan.latencyMs, plan.cpuLatencyMs]) {
    // At the long latency nearly all the time is the provider's, for pictures as for texts.
    for (const kind of latencyMs === plan.latencyMs ? ['text'] : Object.keys(kinds)) {
      // The first calls compile the code; they are not counted.
      if (results.length === 0) await measure(kind, 10);
      const figures = [];
      for (let round = 0; round < plan.rounds; round++) figures.push(await measure(kind, latencyMs));
      results.push({ kind, calls: plan.calls, limit, latencyMs, ...medians(figures), figures });
      process.stderr.write('.');
    }
  }
  const rows = results.map((result) => [
    `${result.calls} ${result.kind} calls, limit ${limit}, latency ${result.latencyMs} ms (${plan.rounds} rounds)`,
    (result.ms / 1000).toFixed(2),
    result.makespan.toFixed(3),
    result.mostAtOnce,
    result.gatewayMs.toFixed(2),
    result.backendMs.toFixed(2),
  ]);
  const header = [
    'one statement',
    's',
    '÷ best possible',
    'at once at the provider',
    'gateway CPU ms a call',
    'engine backend CPU ms a call',
  ];
  console.log(`\n${table(header, rows)}`);
  return results;
}

function medians(figures) {
  return Object.fromEntries(
    Object.keys(figures[0]).map((name) => [name, median(figures.map((figure) => figure[name]))]),
  );
}

/** The same rows through a loop over the provider's HTTP API, as programs do it today, and as one statement. */
async function benchJob({ client, url }, cloud, plan) {
  await cloud.setLatency(plan.rowMs);
  await client.query('CREATE TABLE product (id int PRIMARY KEY, description text, picture text)');
  await client.query(
    `INSERT INTO product SELECT i, 'product ' || i FROM generate_series(1, ${plan.rows}) AS i`,
  );
  const call = () =>
    `ai_gen('bench_picture', json_build_object('prompt', '${++statements} ' || description)::text, NULL)`;
  const ways = {
    'Node, one call at a time': () => loop(url, cloud, 1),
    'Node, pool of 8': () => loop(url, cloud, 8),
    'Node, pool of 50': () => loop(url, cloud, 50),
    'INSERT … SELECT ai_gen(…) ON CONFLICT DO UPDATE': () =>
      client.query(`INSERT INTO product (id, picture) SELECT id, ${call()} FROM product
        ON CONFLICT (id) DO UPDATE SET picture = excluded.picture`),
    'UPDATE … SET picture = ai_gen(…)': () => client.query(`UPDATE product SET picture = ${call()}`),
  };
  const results = [];
  for (const [way, work] of Object.entries(ways)) {
    await client.query('UPDATE product SET picture = NULL');
    const { ms } = await timed(work);
    const { rows } = await client.query('SELECT count(picture)::int AS done FROM product');
    if (rows[0].done !== plan.rows) throw new Error(`${way}: ${rows[0].done} rows of ${plan.rows}`);
    results.push({ way, rows: plan.rows, latencyMs: plan.rowMs, ms });
    process.stderr.write('.');
  }
  const slowest = results[0].ms;
  const cells = results.map(({ way, ms }) => [way, (ms / 1000).toFixed(2), (slowest / ms).toFixed(1)]);
  console.log(`\n${table([`${plan.rows} pictures of ${plan.rowMs} ms`, 's', 'times as fast'], cells)}`);
  return results;
}

async function loop(connectionString, cloud, atOnce) {
  const pool = new pg.Pool({ connectionString });
  const { rows } = await pool.query('SELECT id, description FROM product ORDER BY id');
  const worker = async () => {
    for (let row = rows.shift(); row; row = rows.shift()) {
      const answer = await fetch(
        `${cloud.modelStudio}/api/v1/services/aigc/multimodal-generation/generation`,
        {
          method: 'POST',
          headers: { authorization: 'Bearer sk-bench', 'content-type': 'application/json' },
          body: JSON.stringify({
            model: pictureType,
            input: { messages: [{ role: 'user', content: [{ text: row.description }] }] },
            parameters: {},
          }),
        },
      );
      const { output } = await answer.json();
      await pool.query('UPDATE product SET picture = $2 WHERE id = $1', [
        row.id,
        output.choices[0].message.content[0].image,
      ]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await pool.end();
}

/** One output of gigabytes: from the provider's address into OSS, beside curl piped into curl between the same two servers. */
async function benchSaving(folder, cloud, plan) {
  const results = await startBigResults();
  const { bigBytes } = plan;
  const save = (bytes) =>
    `SELECT ai_gen('bench_picture', json_build_object('prompt', '${++statements} ${bytes}',
       'output_dir', 'oss://bench/big/')::text, to_file('oss://bench/', ${access}))`;
  try {
    return await withGateway(folder, 'saving', cloud, results.url, async ({ client, pid }) => {
      await client.query(save(64 * 1024 ** 2));
      const figures = [];
      for (let round = 0; round < plan.bigRounds; round++) {
        const curl = await timed(() => shell(copyWithCurl(cloud, `${results.url}/${bigBytes}.png`)));
        await forgetPeak(pid);
        const before = { memory: await residentBytes(pid), cpu: await cpuMs(pid) };
        const gateway = await timed(() => client.query(save(bigBytes)));
        figures.push({
          curlMs: curl.ms,
          gatewayMs: gateway.ms,
          toCurl: curl.ms / gateway.ms,
          extraMiB: ((await peakBytes(pid)) - before.memory) / 2 ** 20,
          cpuSeconds: ((await cpuMs(pid)) - before.cpu) / 1000,
        });
        process.stderr.write('.');
      }
      const middle = medians(figures);
      const rate = (ms) => `${Math.round(bigBytes / 2 ** 20 / (ms / 1000))}`;
      console.log(
        `\n${table(
          [
            `${bigBytes / 2 ** 20} MiB saved (${plan.bigRounds} rounds)`,
            'curl into curl MiB/s',
            'hologen MiB/s',
            '÷ curl',
            'extra memory MiB',
            'gateway CPU s',
          ],
          [
            [
              '',
              rate(middle.curlMs),
              rate(middle.gatewayMs),
              middle.toCurl.toFixed(2),
              middle.extraMiB.toFixed(0),
              middle.cpuSeconds.toFixed(1),
            ],
          ],
        )}`,
      );
      return { bytes: bigBytes, ...middle, figures };
    });
  } finally {
    await results.stop();
  }
}

/** A presigned PUT, https://www.alibabacloud.com/help/en/oss/developer-reference/ddd-signatures-to-urls */
function copyWithCurl({ oss, keys }, source) {
  const expires = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('sha1', keys.accessKeySecret)
    .update(`PUT\n\n\n${expires}\n/bench/curl.png`)
    .digest('base64');
  const query = new URLSearchParams({
    OSSAccessKeyId: keys.accessKeyId,
    Expires: String(expires),
    Signature: signature,
  });
  const target = `${oss.replace('//', '//bench.')}/curl.png?${query}`;
  return `set -e -o pipefail; curl -sf '${source}' | curl -sSf -T - -H Content-Type: '${target}'`;
}

function shell(script) {
  return new Promise((resolve, reject) => {
    spawn('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] }).once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${script}: exit ${code}`)),
    );
  });
}

/** From the start of the process until its first query is answered. */
async function benchStarting(folder, plan) {
  const ways = { serve: [], 'serve --sandbox': ['--sandbox'] };
  const results = [];
  for (const [way, flags] of Object.entries(ways)) {
    const figures = [];
    for (let round = 0; round < plan.rounds; round++) {
      const dataDir = join(folder, `start${results.length}-${round}`);
      const start = async () => {
        const gateway = await startGateway(dataDir, flags);
        await gateway.stop();
        return gateway.ms;
      };
      figures.push({ firstMs: await start(), nextMs: await start() });
    }
    results.push({ way, ...medians(figures), figures });
    process.stderr.write('.');
  }
  const seconds = (ms) => (ms / 1000).toFixed(2);
  const rows = results.map(({ way, firstMs, nextMs }) => [way, seconds(firstMs), seconds(nextMs)]);
  console.log(
    `\n${table([`until the first query is answered (${plan.rounds} rounds)`, 'empty directory, s', 'next start, s'], rows)}`,
  );
  return results;
}
