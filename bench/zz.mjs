import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, request } from 'undici';
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import pg from 'pg';
import { cloudEnvironment, startCloud, startGateway } from './gateways.mjs';
import { cpuMs } from './processes.mjs';
const count = Number(process.argv[2] ?? 20000), rounds = Number(process.argv[3] ?? 4);
const directory = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
await chmod(directory, 0o755);
const cloud = await startCloud(join(directory, 'cloud'));
const env = cloudEnvironment(cloud);
const gateway = await startGateway(join(directory, 'gateway'), [], env);
const c = new pg.Client({ connectionString: gateway.url }); c.on('error', () => {});
const d = new pg.Client({ connectionString: gateway.url });
d.on('error', () => {}); await c.connect(); await d.connect();
await cloud.setLatency(0);
await c.query('CREATE TEMP TABLE made (made text)');
await c.query('SET ai_gen.max_calls = 200000');
await c.query(`CALL register_external_model('crowd', 'qwen-flash', 'bailian', '{"submits_per_second": 100000, "concurrent_tasks": 50}', 'chat/completions')`);
await c.query("SELECT ai_gen('crowd', 'warm ' || n) FROM generate_series(1, 1000) n");
await cloud.setLatency(Number(process.env.LATENCY ?? 600000));
const engine = (await c.query('SELECT pg_backend_pid() p')).rows[0].p;
let send;
if (process.env.PROF) {
  process.kill(gateway.pid, 'SIGUSR1'); await new Promise((f) => setTimeout(f, 500));
  const list = await (await request('http://127.0.0.1:9229/json')).body.json();
  const ws = new WebSocket(list[0].webSocketDebuggerUrl); await new Promise((f) => { ws.onopen = f; });
  let n = 0; const waits = new Map(); ws.onmessage = ({ data }) => { const m = JSON.parse(data); waits.get(m.id)?.(m.result); };
  send = (method, params) => new Promise((f) => { waits.set(++n, f); ws.send(JSON.stringify({ id: n, method, params })); });
  await send('Profiler.enable'); await send('Profiler.setSamplingInterval', { interval: 300 });
}
for (let r = 0; r < rounds; r++) {
  if (send && r === rounds - 1) await send('Profiler.start');
  const began = Date.now(), t0 = performance.now(), cpu0 = await cpuMs(gateway.pid), e0 = await cpuMs(engine);
  const q = c.query(`INSERT INTO made SELECT ai_gen('crowd', 'alone${r} ' || n) FROM generate_series(1, ${count}) n`).catch((e) => e);
  const perf = process.env.PERF ? spawn('perf', ['record', '-F', '2000', '-g', '-o', process.env.PERF, '-p', String(process.env.WHO === 'gateway' ? gateway.pid : engine)], { stdio: 'ignore' }) : undefined;
  let waited;
  for (;;) {
    await new Promise((f) => setTimeout(f, 100));
    const { rows } = await d.query(`SELECT extract(epoch FROM min(started_at) - min(statement_at))::float8 AS waited FROM hologen.jobs WHERE state = 'running' AND statement_at > '${new Date(began).toISOString()}'`);
    if (rows[0].waited != null) { waited = rows[0].waited; break; }
  }
  if (send && r === rounds - 1) writeFileSync(process.env.PROF, JSON.stringify((await send('Profiler.stop')).profile));
  perf?.kill('SIGINT');
  console.log(r, 'first after', waited.toFixed(2), 'wall', ((performance.now() - t0) / 1000).toFixed(2), 'gateway cpu', (await cpuMs(gateway.pid)) - cpu0, 'engine cpu', (await cpuMs(engine)) - e0);
  await d.query(`SELECT pg_cancel_backend(${engine})`);
  const e = await q; if (!(e instanceof Error)) console.log('ended');
  await d.query('CALL ai_cancel_all()').catch(() => {});
  await new Promise((f) => setTimeout(f, 3000));
}
await gateway.stop(); await cloud.stop();
await rm(directory, { recursive: true, force: true });
process.exit();
