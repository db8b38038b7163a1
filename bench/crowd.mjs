/** A statement of 20,000 calls: when its first is sent, what memory it takes, and the same beside 20,000 results that another statement has reserved. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { cloudEnvironment, forgetPeak, peakBytes, startCloud, startGateway } from './gateways.mjs';
import { cpuMs, residentBytes, table } from './processes.mjs';

/** `calls`: how many, 20,000 when left out. */
export async function benchCrowd([calls = '20000']) {
  const count = Number(calls);
  const directory = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  await chmod(directory, 0o755);
  // In another process: what it keeps of the calls is not the gateway's.
  const cloud = await startCloud(join(directory, 'cloud'));
  const gateway = await startGateway(join(directory, 'gateway'), [], cloudEnvironment(cloud));
  try {
    await cloud.setLatency(0);
    const rows = [];
    const first = await connect(gateway.url);
    await first.query(
      `CALL register_external_model('crowd', 'qwen-flash', 'bailian', '{"submits_per_second": 100000, "concurrent_tasks": 50}', 'chat/completions')`,
    );
    const text = (word) =>
      `INSERT INTO made SELECT ai_gen('crowd', '${word} ' || n) FROM generate_series(1, ${count}) n`;
    // The first calls compile the code, and the heap grows to its usual size.
    await first.query("SELECT ai_gen('crowd', 'warm ' || n) FROM generate_series(1, 1000) n");
    rows.push(['alone', await measure(gateway.pid, first, text('alone'))]);
    await first.query('BEGIN');
    await first.query(text('kept'));
    await first.query('ROLLBACK');
    await first.query('BEGIN');
    rows.push([`taking ${count} earlier results`, await measure(gateway.pid, first, text('kept'))]);
    const second = await connect(gateway.url);
    rows.push([`beside ${count} reserved ones`, await measure(gateway.pid, second, text('beside'))]);
    await second.query("SET ai_gen.reuse = 'on'");
    rows.push(['the same, with reuse on', await measure(gateway.pid, second, text('again'))]);
    await first.end();
    await second.end();
    const header = [
      `${count} calls in one statement`,
      's',
      'first sent after, s',
      'memory added, MiB',
      'CPU ms a call',
      'CPU ÷ alone',
    ];
    // Looking for earlier results is to cost a call the same, however many others have.
    const alone = rows[0][1].cpuMs;
    for (const [, figures] of rows) figures.cpuRatio = figures.cpuMs / alone;
    const cells = rows.map(([what, figures]) => [
      what,
      ...Object.values(figures).map((value) => value?.toFixed(2) ?? '–'),
    ]);
    console.log(table(header, cells));
    return { calls: count, rows: Object.fromEntries(rows) };
  } finally {
    await gateway.stop();
    await cloud.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE TEMP TABLE made (made text)');
  await client.query('SET ai_gen.max_calls = 200000');
  return client;
}

async function measure(pid, client, text) {
  const calls = Number(/, (\d+)\) n$/.exec(text)[1]);
  const before = await residentBytes(pid);
  const cpuBefore = await cpuMs(pid);
  await forgetPeak(pid);
  const startedAt = performance.now();
  await client.query(text);
  const seconds = (performance.now() - startedAt) / 1000;
  const most = await peakBytes(pid);
  const cpu = (await cpuMs(pid)) - cpuBefore;
  const { rows } = await client.query(
    `SELECT extract(epoch FROM min(started_at) - statement_at)::float8 AS waited FROM hologen.jobs
     WHERE statement_at = (SELECT max(statement_at) FROM hologen.jobs) AND started_at >= statement_at GROUP BY statement_at`,
  );
  return {
    seconds,
    firstSent: text.includes("'kept") ? undefined : rows[0]?.waited,
    memoryMiB: (most - before) / 1024 / 1024,
    cpuMs: cpu / calls,
  };
}
