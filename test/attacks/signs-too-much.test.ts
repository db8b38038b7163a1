/** An address of one object must show nothing of another one. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusal, startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
let vic: pg.Client;
let path: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const owner = await gateway.client();
  await owner.query("CREATE ROLE vic LOGIN PASSWORD 'secret'; GRANT hologen_viewer TO vic");
  const { rows } = await owner.query(
    `SELECT ai_gen('qwen_image_2', '{"prompt": "shown", "output_dir": "oss://demo/shown/"}',
       to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json -> 'image_oss_paths' ->> 0 AS path`,
  );
  path = rows[0].path;
  await owner.query('SELECT share_job(job_id) FROM hologen.jobs');
  vic = await gateway.clientOf('vic');
});
afterAll(() => gateway?.close());

const sign = (process: string) => vic.query("SELECT file_url($1, interval '1 min', $2)", [path, process]);
const encoded = (text: string) => Buffer.from(text).toString('base64url');

test.each([
  `image/watermark,image_${encoded('private/others.png')},p_100`,
  `image/resize,w_9/watermark,g_center,IMAGE_${encoded('private/others.png')}`,
  `image/watermark,text_${encoded('x')},image_${encoded('private/others.png')},order_0`,
  'image/resize,w_1%7Csys/saveas,o_eA',
  'image/resize,w_1|sys/saveas,o_eA',
  'image/blindwatermark,content_eA',
  'video/convert,f_mp4',
  'image/',
  '__proto__/x',
])('it is signed for no process that names another object or is not known: %s', async (process) => {
  expect(await refusal(sign(process))).toMatchObject({
    code: '22023',
    message: expect.stringContaining('process'),
  });
});

test.each([
  'image/resize,m_fill,h_100,w_100/rounded-corners,r_30/format,png',
  'image/auto-orient,1/quality,q_80',
  `image/watermark,text_${encoded('draft')},type_${encoded('wqy-zenhei')},size_40,g_se`,
  'video/snapshot,t_1000,f_jpg,w_800,m_fast',
])('it is signed for what is made of the object itself: %s', async (process) => {
  const { rows } = await sign(process);
  expect(new URL(rows[0].file_url).searchParams.get('x-oss-process')).toBe(process);
});
