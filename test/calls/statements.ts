/** For tests of generation: calls as a client writes them, models deployed for one test, objects put into the sandbox's OSS. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';

/** What to_file takes beside the path. */
export const rights = ['oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1234567890123456:role/hologen'];
/** A directory: carries rights and names no object. */
export const anyDirectory = 'oss://bucket/path/';

/** Runs ai_gen and returns its text. A request that is no text is sent as JSON; `filePath: null` passes no FILE. */
export async function aiGen(
  client: pg.Client,
  model: string,
  request: unknown,
  filePath: string | null = anyDirectory,
): Promise<string> {
  const text = typeof request === 'string' || request === null ? request : JSON.stringify(request);
  const { rows } =
    filePath === null
      ? await client.query('SELECT ai_gen($1, $2, NULL) AS result', [model, text])
      : await client.query('SELECT ai_gen($1, $2, to_file($3, $4, $5)) AS result', [
          model,
          text,
          filePath,
          ...rights,
        ]);
  return (rows[0] as { result: string }).result;
}

/** Deploys a model type under a name of its own and returns the name. */
export async function deploy(client: pg.Client, modelType: string, task: string): Promise<string> {
  const name = `test_${modelType.replace(/[^a-z0-9]+/g, '_')}`;
  await client.query("CALL register_external_model($1, $2, 'bailian', '{}', $3)", [name, modelType, task]);
  return name;
}

/** The sandbox's objects are plain files: one put there by hand is an object. */
export async function putObject(dataDir: string, ossPath: string, content: Uint8Array): Promise<void> {
  const file = join(dataDir, 'sandbox', 'oss', ossPath.replace('oss://', ''));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** The job of the newest call of a model type, as a person sees it. */
export async function newestJob(client: pg.Client, modelType: string) {
  const { rows } = await client.query(
    `SELECT job_id, state, error ->> 'sqlstate' AS sqlstate, error ->> 'message' AS message, task_id, provider_request_id,
       outputs, result, hold_up, finished_at IS NOT NULL AS finished
     FROM hologen.jobs WHERE model_type = $1 ORDER BY submitted_at DESC LIMIT 1`,
    [modelType],
  );
  return rows[0];
}
