/** A ledger that has grown: a million jobs of 30 days and 50 budgets beside an empty one. What a call, a budget, a view and a page take. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { median, start, stop, table } from './processes.mjs';

const program = new URL('../dist/src/cli/hologen.js', import.meta.url).pathname;
const rounds = 7;

/** `jobs`: how many, a million when left out. */
export async function benchLedger([jobs = '1000000']) {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-bench-'));
  const count = Number(jobs);
  try {
    let gateway = await serve(directory);
    const before = await measure(directory);
    const filledMs = await timed(() => fill(directory, count));
    console.error(`${count} jobs written in ${Math.round(filledMs / 1000)} s`);
    await stop(gateway);
    const startedMs = await timed(async () => {
      gateway = await serve(directory);
    });
    const after = await measure(directory);
    await stop(gateway);
    const rows = Object.keys(before).map((what) => ({ what, empty: before[what], full: after[what] }));
    const cells = rows.map(({ what, empty, full }) => [what, empty, full, full / empty].map(shown));
    console.log(table([`${count} jobs`, 'empty, ms', 'full, ms', 'full ÷ empty'], cells));
    console.log(`start with them: ${shown(startedMs)} ms`);
    return { jobs: count, startedMs, rows };
  } finally {
    console.log("kept", directory);
  }
}

function shown(value) {
  return typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : value;
}

function serve(directory) {
  const settings = { HOLOGEN_SANDBOX_IMAGE_MS: '0', HOLOGEN_LOG_LEVEL: 'error' };
  const args = [program, 'serve', '--sandbox', '--data-dir', directory, '--port', '0'];
  return start(process.execPath, args, /^ready /m, { env: { ...process.env, ...settings } });
}

async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function measure(directory) {
  const { postgres, console: url } = JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8'));
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query("SET ai_gen.reuse = 'off'");
  const page = await signIn(url, new URL(postgres));
  const sql = (text) => () => client.query(text);
  const steps = {
    'a call': sql("SELECT ai_gen('qwen_plus', 'hello')"),
    '200 calls': sql("SELECT ai_gen('qwen_plus', 'hello ' || n) FROM generate_series(1, 200) n"),
    'the newest 20 of hologen.jobs': sql('SELECT * FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 20'),
    'own jobs of a model': sql(
      "SELECT * FROM hologen.jobs WHERE model_name = 'm3' ORDER BY submitted_at DESC LIMIT 20",
    ),
    'use of today': sql('SELECT * FROM hologen.daily_usage WHERE day = current_date'),
    'use of all days': sql('SELECT * FROM hologen.daily_usage'),
    'hologen.budgets': sql('SELECT * FROM hologen.budgets'),
    'hologen.my_budget': sql('SELECT * FROM hologen.my_budget'),
    'hologen.people': sql('SELECT * FROM hologen.people'),
    'page Gallery': page('/api/gallery'),
    'page Gallery, a search that finds nothing': page('/api/gallery?text=zzzzzz'),
    'page Gallery, a search that finds one': page('/api/gallery?text=654321'),
    'page Gallery, a search that finds all': page('/api/gallery?text=lake'),
    'page Gallery, a kind of which there is none': page('/api/gallery?kind=videos'),
    'page Gallery, failed of a model': page('/api/gallery?model=m3&state=failed'),
    'its filters': page('/api/choices'),
    'page Now': page('/api/now'),
    'page Money': page('/api/money'),
    'page Models': page('/api/models'),
  };
  const figures = {};
  await client
    .query("CALL register_external_model('qwen_plus', 'qwen-plus', 'bailian', '{}', 'chat/completions')")
    .catch(() => {});
  for (const [what, step] of Object.entries(steps)) {
    await step();
    const times = [];
    for (let round = 0; round < rounds; round++) times.push(await timed(step));
    figures[what] = median(times);
  }
  await client.end();
  return figures;
}

/** Asks the console as its page does. */
async function signIn(url, { username, password }) {
  const base = new URL(url).origin;
  const answer = await fetch(`${base}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: base },
    body: JSON.stringify({ role: username, password }),
  });
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  return (path) => async () => {
    const response = await fetch(base + path, { headers: { cookie } });
    await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
  };
}

/** 30 days, 40 roles, 6 models, one call in twenty failed; and 50 budgets of which none is reached. */
async function fill(directory, count) {
  const { postgres } = JSON.parse(await readFile(join(directory, 'runtime.json'), 'utf8'));
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query(
    'INSERT INTO hologen_internal.statement SELECT gen_random_uuid(), $1 FROM generate_series(1, 1000)',
    ["SELECT ai_gen('m', prompt) FROM prompts"],
  );
  await client.query(
    'CREATE TEMP TABLE statements AS SELECT statement_id, row_number() OVER () AS n FROM hologen_internal.statement',
  );
  await client.query(
    `INSERT INTO hologen_internal.job (job_id, state, gateway_id, statement_id, role_name, database_name, application_name, engine_process_id,
       statement_at, model_name, model_type, scenario, request, request_key, detached, released, attempts, units, estimated_price, price,
       currency, outputs, result, submitted_at, started_at, generated_at, finished_at, claimed_at, provider_request_id, task_id)
     SELECT gen_random_uuid(), CASE WHEN each.n % 20 = 0 THEN 'failed' ELSE 'succeeded' END, 'bench', s.statement_id, 'role' || each.n % 40,
       'hologen', 'bench', 1, at, 'm' || each.n % 6, 'qwen-image-2.0', 'text-to-image',
       json_build_object('prompt', 'a lake at dusk, number ' || each.n, 'output_dir', 'oss://bucket/out/'), md5(each.n::text), false, true, 1,
       '{"pictures": 1}', 0.2, CASE WHEN each.n % 20 = 0 THEN 0 ELSE 0.2 END, 'CNY',
       jsonb_build_array(jsonb_build_object('url', 'https://r/' || each.n || '.png', 'ossPath', 'oss://bucket/out/' || each.n || '.png')),
       '{"image_urls": []}', at, at, at, at, at, 'r-' || each.n, 't-' || each.n
     FROM (SELECT n, clock_timestamp() - interval '30 days' * (1 - n::float8 / $1) AS at FROM generate_series(1, $1::int) n) AS each
     JOIN statements s ON s.n = each.n % 1000 + 1`,
    [count],
  );
  await client.query(
    `INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, database_name, application_name, statement_id, statement_at, model_name,
       model_type, outcome, units, price, currency, sent_at, ended_at)
     SELECT job_id, 1, role_name, database_name, application_name, statement_id, statement_at, model_name, model_type, state, units, price,
       currency, submitted_at, finished_at FROM hologen_internal.job WHERE gateway_id = 'bench'`,
  );
  await setBudgets(client);
  await client.query('VACUUM ANALYZE hologen_internal.job');
  await client.query('VACUUM ANALYZE hologen_internal.attempt');
  await client.query('VACUUM ANALYZE hologen_internal.spent');
  await client.query('VACUUM ANALYZE hologen_internal.spent_by_day');
  await client.query('VACUUM ANALYZE hologen_internal.used');
  // As the gateway does over time.
  await client.query('UPDATE hologen_internal.prompt SET has_grams = true');
  await client.query('VACUUM ANALYZE hologen_internal.prompt');
  await client.end();
}

/** 50 that nobody reaches: of a day for each role, and of a day, a month and in total for everybody, whoever asks here and models. */
async function setBudgets(client) {
  for (let number = 0; number < 40; number++)
    await client.query(
      `CREATE ROLE role${number}; CALL set_budget('role${number}', calls_per_day => 1000000000)`,
    );
  for (let number = 0; number < 2; number++)
    await client.query(
      `CALL register_external_model('m${number}', 'qwen-image-2.0', 'bailian', '{}', 'image-generation')`,
    );
  for (const subject of ['', "role_name => 'hologen', ", "model_name => 'm0', "])
    for (const period of ['day', 'month', 'total'])
      await client.query(`CALL set_budget(${subject}period => '${period}', calls => 1000000000)`);
  await client.query("CALL set_budget(model_name => 'm1', period => 'week', money => 1e12)");
}
await benchLedger(['1000000']);
