/** A gateway whose console has something to show on every page: what was made, expired, refused and judged, who may do what, what was spent. */
import type pg from 'pg';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { file } from './visitor.js';

export interface World {
  gateway: TestGateway;
  /** Every name that is shown and that no language has another word for. */
  names: string[];
}

type Language = 'en' | 'zh';

interface Words {
  products: [sku: string, prompt: string][];
  edited: string;
  filmed: string;
  expired: string;
  refused: string;
  asked: string;
  slow: string;
  later: string;
  remark: string;
}

const words: Record<Language, Words> = {
  en: {
    products: [
      ['K-17', 'A red enamel kettle on a wooden table, morning light'],
      ['T-02', 'A teapot of blue porcelain beside a window'],
      ['H-30', 'A straw hat on a chair by the sea'],
      ['P-08', 'Three pears in a bowl, oil on canvas'],
    ],
    edited: 'The kettle at dusk, with a lamp behind it',
    filmed: 'Steam rises from the kettle while the light fades',
    expired: 'A train crosses a bridge in the fog',
    refused: 'What nobody may draw [[sandbox:refuse]]',
    asked: 'Name three colours that go with deep blue.',
    slow: 'A lantern over the water, number',
    later: 'A paper boat, number',
    remark: 'The handle is too long',
  },
  zh: {
    products: [
      ['K-17', '木桌上的红色搪瓷水壶，晨光'],
      ['T-02', '窗边的青花瓷茶壶'],
      ['H-30', '海边椅子上的草帽'],
      ['P-08', '碗里的三个梨，布面油画'],
    ],
    edited: '黄昏时的水壶，背后有一盏灯',
    filmed: '光线渐暗，水壶冒出蒸汽',
    expired: '列车在雾中驶过大桥',
    refused: '谁也不能画的东西 [[sandbox:refuse]]',
    asked: '说出三种与深蓝色相配的颜色。',
    slow: '水上的灯笼，编号',
    later: '纸船，编号',
    remark: '把手太长',
  },
};

export async function startWorld(language: Language): Promise<World> {
  // What still runs when it ends is told at the level below.
  const gateway = await startTestGateway({ sandboxImageMs: '120', sandboxVideoMs: '300', logLevel: 'fatal' });
  const owner = await gateway.client();
  const said = words[language];
  await owner.query(
    `CREATE ROLE ling LOGIN PASSWORD 'secret'; GRANT hologen_maker TO ling;
     CREATE ROLE vera LOGIN PASSWORD 'secret'; GRANT hologen_viewer TO vera`,
  );
  await owner.query("CALL set_budget('ling', calls_per_day => 200, money_per_day => 20)");
  await owner.query(
    "CALL set_budget(model_name => 'wan26_t2v', period => 'month', money => 500, soft => true)",
  );
  await owner.query("CALL grant_model('qwen_image_max', 'ling')");
  await makeOld(owner, said);
  await makeNew(owner, said);
  await leaveWaiting(gateway, owner, said);
  return { gateway, names: await namesIn(gateway) };
}

/** Some calls run for as long as the world is there, others wait behind them, and ling's behind those: tasks, which a gateway that ends leaves to the next one. */
async function leaveWaiting(gateway: TestGateway, owner: pg.Client, said: Words): Promise<void> {
  await owner.query(
    `CALL delete_external_model('wan26_t2i');
     CALL register_external_model('wan26_t2i', 'wan2.6-t2i', 'bailian', '{"concurrent_tasks": 6}', 'image-generation')`,
  );
  const calls = (prompt: string, number: number) =>
    `SELECT ai_gen('wan26_t2i', json_build_object('prompt', '${prompt} ' || n || CASE WHEN n > 4 THEN ' [[sandbox:slow=600000]]' ELSE '' END,
      'output_dir', 'oss://demo/lanterns/'), ${file}) FROM generate_series(1, ${number}) n`;
  void owner.query(calls(said.slow, 12)).catch(() => {});
  const ling = await gateway.clientOf('ling');
  await ling.query("SET ai_gen.by = '8h'");
  const seen = async () =>
    (await ling.query("SELECT queued FROM hologen.queues WHERE model_type = 'wan2.6-t2i' AND queued > 0"))
      .rowCount;
  while (!(await seen()));
  void ling.query(calls(said.later, 3)).catch(() => {});
}

/** Of two days ago and before, so that what was not saved is gone; and spending of a month. */
async function makeOld(owner: pg.Client, { expired }: Words): Promise<void> {
  for (const model of ['qwen_image_2', 'wan26_t2v']) {
    const parameters = model === 'wan26_t2v' ? { size: '1280*720', duration: 2 } : {};
    await owner.query('SELECT ai_gen($1, $2)', [model, JSON.stringify({ prompt: expired, parameters })]);
  }
  await owner.query(
    `UPDATE hologen_internal.job SET submitted_at = submitted_at - interval '2 days', generated_at = generated_at - interval '2 days',
       finished_at = finished_at - interval '2 days'`,
  );
  await owner.query(
    `INSERT INTO hologen_internal.attempt (job_id, attempt, role_name, role_oid, database_name, application_name, statement_id, statement_at,
       model_name, model_type, outcome, units, price, currency, sent_at, ended_at)
     SELECT job_id, 100 + n, CASE WHEN n % 3 = 0 THEN 'ling' ELSE role_name END, CASE WHEN n % 3 = 0 THEN 'ling'::regrole ELSE role_oid END, database_name,
       application_name, statement_id, statement_at, model_name, model_type, 'succeeded', units, price * (1 + n % 4), currency, t, t
     FROM hologen_internal.attempt, generate_series(1, 27) n, LATERAL (SELECT now() - (n || ' days')::interval AS t) AS day`,
  );
}

async function makeNew(owner: pg.Client, said: Words): Promise<void> {
  const saved = { output_dir: 'oss://demo/shop/' };
  const call = async (model: string, request: object) => {
    const { rows } = await owner.query<{ result: string }>(`SELECT ai_gen($1, $2, ${file}) AS result`, [
      model,
      JSON.stringify({ ...saved, ...request }),
    ]);
    return JSON.parse(rows[0]?.result ?? '{}');
  };
  await owner.query(`SELECT ai_gen('qwen_plus', $1)`, [said.asked]);
  await owner.query(`SELECT ai_gen('qwen_image_2', $1)`, [said.refused]).catch(() => {});
  const paths: string[] = [];
  for (const [sku, prompt] of said.products) {
    const parameters = { size: sku === 'H-30' ? '720*1280' : '1280*960', n: sku === 'K-17' ? 3 : 1 };
    const made = await call('qwen_image_2', { prompt, label: { sku }, name: `${sku}-{i}`, parameters });
    paths.push(...made.image_oss_paths);
  }
  const [kettle] = paths;
  await call('qwen_image_edit', { prompt: said.edited, reference_urls: [kettle] });
  await call('wan26_i2v', {
    prompt: said.filmed,
    img_url: kettle,
    parameters: { resolution: '720P', duration: 3 },
  });
  const { rows } = await owner.query<{ job_id: string }>(
    "SELECT job_id FROM hologen.jobs WHERE state = 'succeeded' AND label IS NOT NULL ORDER BY submitted_at LIMIT 2",
  );
  await owner.query("CALL hologen.review($1, 'picked')", [rows[0]?.job_id]);
  await owner.query("CALL hologen.review($1, 'rejected', $2)", [rows[1]?.job_id, said.remark]);
}

async function namesIn(gateway: TestGateway): Promise<string[]> {
  const client = await gateway.client();
  const { rows } = await client.query<{ name: string }>(
    `SELECT model_name AS name FROM list_external_models() UNION SELECT model_type FROM hologen.supported_models
     UNION SELECT rolname FROM pg_roles UNION SELECT datname FROM pg_database`,
  );
  return rows.map(({ name }) => name);
}
