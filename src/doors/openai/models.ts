/** `GET /v1/models`: what is deployed. @see https://platform.openai.com/docs/api-reference/models */
import type { Json } from '../../fields.js';
import type { Asked } from './asked.js';
import { Refusal } from './refusal.js';

interface ModelRow {
  model_name: string;
  model_type: string;
  task: string;
  deployed_by: string;
  deployed_at: Date;
}

async function deployed({ runAs }: Asked): Promise<Json[]> {
  const rows = await runAs((role) =>
    role.query<ModelRow>(
      'SELECT model_name, model_type, task, deployed_by, deployed_at FROM hologen.list_external_models() ORDER BY 1',
    ),
  );
  return rows.map((row) => ({
    id: row.model_name,
    object: 'model',
    created: Math.floor(row.deployed_at.getTime() / 1000),
    owned_by: row.deployed_by,
    hologen: { model_type: row.model_type, task: row.task },
  }));
}

export async function listModels(asked: Asked): Promise<Json> {
  return { object: 'list', data: await deployed(asked) };
}

export async function findModel(asked: Asked): Promise<Json> {
  const { id } = asked;
  const model = (await deployed(asked)).find((each) => each.id === id);
  if (model) return model;
  throw new Refusal(404, { message: `there is no model "${id}"`, code: 'model_not_found', param: 'model' });
}
