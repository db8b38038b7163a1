/** What dbt-postgres sends for the incremental model of docs/clients.md, replayed: a run pays for new rows alone, and once each. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway?.close());

const header =
  '/* {"app": "dbt", "dbt_version": "1.9.0", "profile_name": "shop", "target_name": "dev", "node_id": "model.shop.product_pictures"} */';
const picture = `ai_gen('qwen_image_2', json_build_object('prompt', look, 'output_dir', 'oss://demo/dbt/')::text,
    to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))`;
const model = `SELECT sku, \n  ${picture}\n AS picture FROM "hologen"."public"."product" AS p`;
const onlyNew = ` WHERE NOT EXISTS (SELECT FROM "hologen"."public"."product_pictures" AS made WHERE made.sku = p.sku) `;

/** As the adapter's macros create_table_as and rename_relation write them. */
const firstRun = [
  'BEGIN',
  `${header}\n\n  \n    create  table "hologen"."public"."product_pictures__dbt_tmp"\n  \n  \n    as\n  \n  (\n    \n${model}\n\n  );\n  `,
  `${header}\nalter table "hologen"."public"."product_pictures__dbt_tmp" rename to "product_pictures"`,
  'COMMIT',
  `${header}\ndrop table if exists "hologen"."public"."product_pictures__dbt_backup" cascade`,
];
/** create_table_as with temporary=true, expand_target_column_types, get_delete_insert_merge_sql. */
const laterRun = [
  `${header}\n\n  \n    create temporary table "product_pictures__dbt_tmp092233720368"\n  \n  \n    as\n  \n  (\n    \n${model}\n${onlyNew}\n  );\n  `,
  `select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
      from "hologen".INFORMATION_SCHEMA.columns where table_name = 'product_pictures__dbt_tmp092233720368' order by ordinal_position`,
  'BEGIN',
  `${header}\n\n      \n        delete from "hologen"."public"."product_pictures" as DBT_INTERNAL_DEST\n        where (sku) in (\n            select distinct sku\n            from "product_pictures__dbt_tmp092233720368" as DBT_INTERNAL_SOURCE\n        );\n\n    \n\n    insert into "hologen"."public"."product_pictures" ("sku", "picture")\n    (\n        select "sku", "picture"\n        from "product_pictures__dbt_tmp092233720368"\n    )\n  `,
  'COMMIT',
];

async function run(statements: string[]): Promise<void> {
  const client = await gateway.client({ application_name: 'dbt' });
  for (const statement of statements) await client.query(statement);
  await client.end();
}

test('the first run makes a picture for each row, a later one for the new rows, and a run without any makes none', async () => {
  const client = await gateway.client();
  await client.query(
    "CREATE TABLE product (sku int, look text); INSERT INTO product VALUES (1, 'a kettle'), (2, 'a lamp')",
  );
  const made = async () => (await gateway.requests()).length;
  await run(firstRun);
  expect(await made()).toBe(2);
  await client.query("INSERT INTO product VALUES (3, 'a chair')");
  await run(laterRun);
  expect(await made()).toBe(3);
  await run(laterRun);
  expect(await made()).toBe(3);
  const { rows } = await client.query(
    "SELECT count(*)::int, count(picture::json #>> '{image_oss_paths,0}')::int AS saved FROM product_pictures",
  );
  expect(rows).toEqual([{ count: 3, saved: 3 }]);
});
