/** Every shape that people write calls in (test/rewriter/difference/shapes.ts): its time over that of as many calls in a target list, in one run; what rewriting adds to a statement; what a call costs. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { cloudEnvironment, startCloud, startGateway } from './gateways.mjs';
import { cpuMs, median, table } from './processes.mjs';

const sizes = {
  full: { rows: 24, limit: 8, latencyMs: 500, rounds: 1, overheadRounds: 300, calls: 5000, slowMs: 4000 },
  quick: { rows: 12, limit: 4, latencyMs: 200, rounds: 1, overheadRounds: 100, calls: 1000, slowMs: 2000 },
};

/** `quick`, and with it or alone a part of the names of the shapes that are wanted. */
export async function benchShapes(words) {
  const plan = words.includes('quick') ? sizes.quick : sizes.full;
  const wanted = words.find((word) => word !== 'quick') ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  await chmod(folder, 0o755);
  const cloud = await startCloud(join(folder, 'cloud'));
  const gateway = await startGateway(join(folder, 'gateway'), [], cloudEnvironment(cloud));
  try {
    const tested = await bundled(join(folder, 'tested.mjs'));
    await prepare(gateway, tested, plan);
    const session = await tested.openSession(gateway.url);
    await session.must('SET ai_gen.reuse = off; SET ai_gen.progress = off; SET ai_gen.max_calls = 100000');
    const { rows } = await gateway.client.query('SHOW unix_socket_directories');
    const engine = await tested.openSession(gateway.url, `${rows[0].unix_socket_directories}/.s.PGSQL.5432`);
    const bench = { gateway, cloud, plan, session, engine };
    const shapes = await benchAll(
      bench,
      tested.shapes.filter(({ name }) => name.includes(wanted)),
    );
    const slow = await benchSlowCampaign(bench, tested);
    const overhead = await benchOverhead(bench);
    const looks = await benchLooks(bench);
    const cpu = await benchCpu(bench);
    session.close();
    engine.close();
    return { plan, shapes, slow, overhead, looks, cpu };
  } finally {
    await gateway.stop();
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the tests have in TypeScript. */
async function bundled(outfile) {
  const parts = { shapes: 'shapes', catalogue: 'catalogue', openSession: 'wire-session' };
  const contents = Object.entries(parts)
    .map(([name, file]) => `export { ${name} } from './test/rewriter/difference/${file}.ts';`)
    .join('\n');
  const resolveDir = new URL('..', import.meta.url).pathname;
  await build({ stdin: { contents, resolveDir }, outfile, bundle: true, format: 'esm', platform: 'node' });
  return import(outfile);
}

async function prepare({ client }, { catalogue }, { rows, limit }) {
  const config = JSON.stringify({ submits_per_second: 10_000, concurrent_tasks: limit });
  for (let number = 1; number <= 30; number++)
    await client.query(
      `CALL register_external_model('m${number}', 'qwen-plus', 'bailian', '${config}', 'chat/completions')`,
    );
  const wide = JSON.stringify({ submits_per_second: 10_000, concurrent_tasks: 500 });
  await client.query(
    `CALL register_external_model('wide', 'qwen-plus', 'bailian', '${wide}', 'chat/completions')`,
  );
  await client.query(catalogue);
  await client.query(`TRUNCATE foxes; INSERT INTO foxes
    SELECT i, 'fox ' || i, i % 2, NULL, ARRAY['a' || i, 'b'] FROM generate_series(1, ${rows}) i; ANALYZE`);
}

async function benchAll(bench, shapes) {
  const { plan } = bench;
  const targetList = await targetListTimes(bench);
  const results = [];
  for (const shape of shapes) {
    const figures = [];
    for (let round = 0; round < plan.rounds; round++) figures.push(await runShape(bench, shape));
    const { calls, mostAtOnce } = figures[0];
    const ms = median(figures.map((figure) => figure.ms));
    const stages = shape.stages?.(calls) ?? [calls];
    let expectedMs = 0;
    for (const stage of stages) expectedMs += await targetList(stage);
    const bestMs = stages.reduce((sum, stage) => sum + Math.ceil(stage / plan.limit) * plan.latencyMs, 0);
    results.push({
      name: shape.name,
      calls,
      mostAtOnce,
      ms,
      overTargetList: ms / expectedMs,
      overBest: ms / bestMs,
    });
    process.stderr.write('.');
  }
  const header = [
    `${plan.rows} rows, limit ${plan.limit}, ${plan.latencyMs} ms a call`,
    ...['calls', 'at once', 's', '÷ target list', '÷ best possible'],
  ];
  const rows = results.map((each) => [
    each.name,
    each.calls,
    each.mostAtOnce,
    (each.ms / 1000).toFixed(2),
    each.overTargetList.toFixed(2),
    each.overBest.toFixed(2),
  ]);
  const atOnce = results.filter(({ overTargetList }) => overTargetList <= 1.1).length;
  console.log(`\n${table(header, rows)}\n\n${atOnce} of ${results.length} within 1.1 of the target list`);
  return results;
}

/** Everything is undone, so that shapes do not meet what others wrote. */
async function runShape({ session, cloud, plan }, { setup = [], steps }) {
  await session.must('BEGIN');
  for (const text of setup) await session.must(text);
  await cloud.counts(plan.latencyMs);
  const startedAt = performance.now();
  for (const step of steps) {
    const { error } = await session.run(step);
    if (error) throw new Error(`${error}: ${step.text}`);
  }
  const ms = performance.now() - startedAt;
  const counts = await cloud.counts(plan.latencyMs);
  await session.must('ROLLBACK; DEALLOCATE ALL');
  return { ms, ...counts };
}

/** How long so many calls take in a target list; each number is measured once. */
async function targetListTimes(bench) {
  const known = new Map();
  const measure = (calls) =>
    runShape(bench, {
      steps: [{ text: `SELECT ai_gen('m1', 'row ' || i) FROM generate_series(1, ${calls}) i` }],
    });
  await measure(1);
  return async (calls) => {
    if (!known.has(calls)) known.set(calls, (await measure(calls)).ms);
    return known.get(calls);
  };
}

/** Parse and Describe through the gateway less the same on the engine's socket, where the text is not rewritten. */
async function benchOverhead({ session, engine, plan }) {
  const texts = {
    'no AI function': 'SELECT id, p FROM foxes WHERE id < 10',
    'SELECT … FROM': "SELECT id, ai_gen('m1', p), p || '!' AS p2 FROM foxes WHERE id < 10",
    'two stages': "WITH a AS (SELECT id, ai_gen('m1', p) AS r FROM foxes) SELECT id, ai_gen('m2', r) FROM a",
    'UPDATE … SET': "UPDATE foxes SET r = ai_gen('m1', p) WHERE id < 10 AND r IS NULL",
    'GROUP BY and an aggregate': "SELECT k, json_agg(ai_gen('m1', p) ORDER BY id) FROM foxes GROUP BY k",
  };
  const results = [];
  for (const [what, text] of Object.entries(texts)) {
    for (const again of [true, false]) {
      const times = { through: [], written: [] };
      for (let round = 0; round < plan.overheadRounds; round++) {
        const sent = { text: again ? text : `${text} -- ${round}`, prepare: true };
        times.through.push(await timed(() => session.run(sent)));
        times.written.push(await timed(() => engine.run(sent)));
      }
      const [throughMs, writtenMs] = [median(times.through), median(times.written)];
      results.push({
        what: again ? `${what}, the same text` : `${what}, another text each time`,
        throughMs,
        writtenMs,
      });
    }
  }
  const rows = results.map(({ what, throughMs, writtenMs }) => [
    what,
    throughMs.toFixed(2),
    writtenMs.toFixed(2),
    (throughMs - writtenMs).toFixed(2),
  ]);
  const header = ['Parse and Describe, median', 'gateway, ms', "engine's socket, ms", 'difference, ms'];
  console.log(`\n${table(header, rows)}`);
  return results;
}

/** Calls that take as long as those of pictures do, so that what the gateway adds to each is seen as people see it. */
async function benchSlowCampaign({ plan, ...bench }, { shapes }) {
  const campaign = shapes.filter(({ name }) => name === 'a campaign of three stages');
  return benchAll({ ...bench, plan: { ...plan, rounds: 1, latencyMs: plan.slowMs } }, campaign);
}

/** What it adds to a statement that its calls are looked for: nothing is sent, and the same statement is run with and without. */
async function benchLooks({ session, plan }) {
  const texts = {
    'a condition around the call': `SELECT count(CASE WHEN p <> '' THEN ai_gen('m1', p) END) FROM foxes WHERE id < 6`,
    'UPDATE … SET': `UPDATE foxes SET r = coalesce(ai_gen('m1', p), p) WHERE id < 6`,
    'a cursor, 5 rows': `DECLARE c CURSOR FOR SELECT ai_gen('m1', p) FROM foxes; FETCH 5 FROM c; CLOSE c`,
  };
  const rows = [];
  for (const [what, text] of Object.entries(texts)) {
    const times = { on: [], off: [] };
    for (let round = 0; round < plan.overheadRounds / 10; round++)
      for (const atOnce of ['on', 'off']) {
        await session.must(`BEGIN; SET LOCAL ai_gen.dry_run = on; SET LOCAL ai_gen.at_once = ${atOnce}`);
        const run = async () => {
          for (const each of text.split('; ')) await session.must(each);
        };
        times[atOnce].push(await timed(run));
        await session.must('ROLLBACK');
      }
    rows.push([what, median(times.on), median(times.off)]);
  }
  const header = ['5 dry calls, median', 'looked for, ms', 'one by one, ms', 'the look, ms'];
  console.log(
    `\n${table(
      header,
      rows.map(([what, on, off]) => [what, on.toFixed(1), off.toFixed(1), (on - off).toFixed(1)]),
    )}`,
  );
  return rows.map(([what, onMs, offMs]) => ({ what, onMs, offMs }));
}

async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function benchCpu({ gateway, session, cloud, plan }) {
  await cloud.counts(100);
  const { calls } = plan;
  const [before, startedAt] = [await cpuMs(gateway.pid), performance.now()];
  const text = `SELECT ai_gen('wide', 'row ' || i) FROM generate_series(1, ${calls}) i`;
  const { error } = await session.run({ text });
  if (error) throw new Error(`${error}: ${text}`);
  const ms = performance.now() - startedAt;
  const gatewayMs = ((await cpuMs(gateway.pid)) - before) / calls;
  const rows = [[calls, (ms / 1000).toFixed(2), gatewayMs.toFixed(2)]];
  console.log(`\n${table(['calls in one statement', 's', 'gateway CPU ms a call'], rows)}`);
  return { calls, ms, gatewayMs };
}
