/** What an ordinary login with much patience sends: statements put together at random from what the engine's catalogue shows it. */
import type pg from 'pg';
import type { Random } from '../rewriter/random.js';

export interface Surface {
  relations: string[];
  routines: { name: string; kind: string; types: string[] }[];
}

/** All that is hologen's, by the names that anybody can read in the catalogue. */
export async function readSurface(client: pg.Client): Promise<Surface> {
  const own = "nspname ~ '^holog'";
  const { rows: relations } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE ${own} AND relkind IN ('r', 'v', 'i', 'S', 'p') ORDER BY 1`,
  );
  const { rows: routines } = await client.query<Surface['routines'][number]>(
    `SELECT format('%I.%I', nspname, proname) AS name, prokind AS kind,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) AS t) AS types
     FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE ${own} ORDER BY 1, 3`,
  );
  return { relations: relations.map(({ name }) => name), routines };
}

const asks = [
  ...[
    'submit',
    'submit_detached',
    'wait',
    'collect',
    'call_status',
    'cancel_call',
    'estimate',
    'progress',
    'queues',
    'share_job',
  ],
  ...[
    'deploy_model',
    'remove_model',
    'list_models',
    'grant_model',
    'revoke_model',
    'set_budget',
    'remove_budget',
    'sign_file',
    'check_file',
  ],
  ...[
    'submit_written',
    'submit_made',
    'submit_calls',
    'submit_image',
    'parameter_types',
    'plan',
    'plan_names',
  ],
  ...[
    'submit_looked',
    'set_place',
    'remove_place',
    'review',
    'try_file',
    'supported_models',
    'deploy_usual_models',
  ],
];
const processes = ['image/info', `image/watermark,image_${Buffer.from('x').toString('base64url')}`];
const plans = [
  [{ Plan: { 'Node Type': 'Result', Output: ['f(1)'] } }],
  [{ Plan: { 'Node Type': 'Limit', Plans: [{ 'Node Type': 'Seq Scan', 'Relation Name': 'job' }] } }],
  [{ Plan: null }],
];
const roles = [
  'hologen',
  'alice',
  'mallory',
  'hologen_admin',
  'hologen_owner',
  'hologen_maker',
  'public',
  'vic',
];
const texts = [
  '',
  'x',
  'qwen_plus',
  'qwen_image_2',
  'qwen-plus',
  'total',
  'day',
  '%',
  '{"prompt": "x"}',
  'oss://demo/',
  '{}',
  '[]',
  '"',
  "''",
  '\\',
  '🎨',
];

/** Of a session: where its handles, paths and jobs of others are. */
export interface Known {
  handles: string[];
  paths: string[];
}

export function createAttacker(random: Random, surface: Surface, known: Known) {
  const { pick, chance, below } = random;
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const text = () =>
    quoted(pick([pick(texts), pick(roles), pick(known.handles), pick(known.paths), String(below(1_000))]));
  const relation = () => pick(surface.relations);

  function json(): string {
    const fields: Record<string, unknown> = {
      ask: pick(asks),
      model: pick(texts),
      request: pick(texts),
      statement: '',
      settings: {},
    };
    const odd = [
      'handle',
      'job',
      'name',
      'type',
      'provider',
      'config',
      'task',
      'role_name',
      'model_name',
      'calls',
      'path',
      'secret',
      'caller',
      'verdict',
      'remark',
      'output',
      'file',
      'state',
      'problem',
    ];
    for (const name of odd)
      if (chance(0.4))
        fields[name] = pick<unknown>([pick(known.handles), pick(roles), pick(texts), 1, null, {}, [], true]);
    if (chance(0.3))
      fields.of = { ...fields, statement: pick([...surface.relations.map((name) => `TABLE ${name}`), '']) };
    if (chance(0.3)) fields.plan = pick(plans);
    if (chance(0.2)) Object.assign(fields, { types: [pick(texts)], unsure: [], inside: pick([true, false]) });
    if (chance(0.2)) Object.assign(fields, { process: pick(processes), seconds: 60 });
    return quoted(JSON.stringify(fields));
  }

  function argument(type: string): string {
    if (chance(0.05)) return 'NULL';
    if (/^json/.test(type)) return `${json()}::${type}`;
    if (type === 'hologen.file')
      return chance(0.5)
        ? 'NULL'
        : `ROW(${text()}, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/x')::hologen.file`;
    if (/int|numeric|double/.test(type)) return pick(['0', '1', '-1', '2147483647']);
    if (type === 'boolean') return pick(['true', 'false']);
    if (type === 'uuid') return quoted(pick(known.handles));
    if (type === 'interval') return "'1 second'";
    if (/timestamp|date/.test(type)) return 'now()';
    if (type === 'oid') return pick(["'hologen_internal.job'::regclass", '0', "'public.own'::regclass"]);
    return `${text()}::${type === 'record' ? 'text' : type}`;
  }

  const invocation = () => {
    const { name, kind, types } = pick(surface.routines);
    return { kind, text: `${name}(${types.map(argument).join(', ')})` };
  };
  const reading = () =>
    pick([
      () => `SELECT * FROM ${relation()} AS r ORDER BY 1 LIMIT 50`,
      () => `SELECT count(*) FROM ${relation()} AS r WHERE r::text LIKE '%canary%'`,
      () => `SELECT r FROM ${relation()} AS r, ${relation()} AS s WHERE r::text = s::text LIMIT 20`,
      () => `SELECT ${invocation().text}`,
      () => `SELECT * FROM ${invocation().text} AS f LIMIT 20`,
    ])();
  const writing = () =>
    pick([
      () => `DELETE FROM ${relation()}`,
      () => `UPDATE ${relation()} SET role_name = 'mallory'`,
      () => `INSERT INTO ${relation()} SELECT * FROM ${relation()}`,
      () => `TRUNCATE ${relation()}`,
      () => `LOCK TABLE ${relation()} IN ${pick(['ROW SHARE', 'ACCESS EXCLUSIVE'])} MODE NOWAIT`,
      () =>
        `ALTER TABLE ${relation()} ${pick(['OWNER TO mallory', 'ADD x int', 'DISABLE TRIGGER ALL', 'DISABLE ROW LEVEL SECURITY'])}`,
      () => `DROP ${pick(['TABLE', 'VIEW'])} ${relation()} CASCADE`,
      () => `GRANT ${pick(roles)} TO mallory`,
      () => `GRANT ALL ON ${relation()} TO mallory`,
      () => `SET ROLE ${pick(roles)}`,
      () => `SET SESSION AUTHORIZATION ${pick(roles)}`,
      () => `CREATE TRIGGER t BEFORE INSERT ON ${relation()} FOR EACH ROW EXECUTE FUNCTION public.spy()`,
      () => `CREATE RULE r AS ON SELECT TO ${relation()} DO ALSO NOTHING`,
      () =>
        `CREATE OR REPLACE FUNCTION ${pick(surface.routines).name}(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
      () => `CREATE INDEX ON public.own ((public.later(n)))`,
      () =>
        `ALTER ROLE ${pick(roles)} ${pick(["PASSWORD 'secret'", 'SUPERUSER', 'CREATEROLE', 'SET search_path = public'])}`,
      () => `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()`,
      () => `SELECT pg_advisory_lock(${below(5)}, 1)`,
      () => `NOTIFY ${pick(['hologen_cancel', 'hologen_budgets'])}, ${quoted(pick(known.handles))}`,
      () => `CALL ${invocation().text}`,
      () => `COMMENT ON TABLE ${relation()} IS 'x'`,
    ])();
  const setting = () =>
    pick([
      'SET client_min_messages = debug1',
      'SET debug_print_plan = on',
      'SET search_path = public, hologen_internal, hologen, pg_catalog',
      'SET row_security = off',
      'SET session_replication_role = replica',
      "SET hologen.gateway = 'mine'",
      'SET ai_gen.dry_run = on',
      "SET ai_gen.reuse = 'on'",
      "SET ai_gen.tag = 'alice'",
      "SET application_name = 'hologen gateway'",
      "SET ai_gen.place = 'shop'",
      'SET ai_gen.spend_at_most = 100',
      `SET lc_messages = ${pick(["'C'", "'de_DE.UTF-8'"])}`,
      'SET ai_gen.at_once = off',
      'LISTEN hologen_jobs',
      'RESET ALL',
      'DISCARD ALL',
    ]);
  const plain = () => pick([reading, reading, writing, setting])();
  const body = (statement: string) =>
    /^SELECT/.test(statement) ? statement.replace(/^SELECT/, 'PERFORM') : statement;
  return (): string =>
    pick([
      plain,
      plain,
      plain,
      () => `EXPLAIN (ANALYZE, VERBOSE) ${reading()}`,
      () => `BEGIN; ${plain()}; ROLLBACK`,
      () => `DO $d$ BEGIN BEGIN ${body(plain())}; EXCEPTION WHEN OTHERS THEN ${body(plain())}; END; END $d$`,
      () =>
        `CREATE OR REPLACE FUNCTION public.later(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $f$ BEGIN ${body(reading())}; RETURN n; END $f$; ANALYZE public.own`,
      () =>
        `CREATE OR REPLACE FUNCTION public.spy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $f$ BEGIN ${body(reading())}; RETURN NEW; END $f$`,
      () =>
        `DROP VIEW IF EXISTS public.mine; CREATE VIEW public.mine AS ${reading()}; SELECT * FROM public.mine`,
      () => `SELECT query_to_xml(${quoted(reading())}, true, true, '')`,
      () => `SELECT * FROM ai_estimate(${quoted(reading())})`,
    ])();
}
