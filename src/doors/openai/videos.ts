/** `/v1/videos`: a video is asked for, looked after, and fetched when it is there. @see https://platform.openai.com/docs/api-reference/videos */
import { isObject, type Json, refuse } from '../../fields.js';
import type { AsRole } from './as-role.js';
import type { Asked } from './asked.js';
import { Refusal } from './refusal.js';
import {
  ownMedia,
  ownMediaFields,
  refuseOthers,
  requiredTextAt,
  sizeAt,
  textAt,
  wholeNumberAt,
} from './request.js';

const frames = ['img_url', 'first_frame_url', 'last_frame_url', 'audio_url'];

export async function makeVideo(asked: Asked): Promise<Json> {
  const { body, runAs } = asked;
  const known = ['model', 'prompt', 'seconds', 'size', 'input_reference', ...frames, ...ownMediaFields];
  refuseOthers(body, known, {}, 'a request for a video');
  const model = requiredTextAt(body, 'model');
  const { request, parameters, file } = ownMedia(body);
  const given = Object.fromEntries(frames.map((name) => [name, textAt(body, name)]));
  const img_url = given.img_url ?? referenceOf(body.input_reference);
  const fromPicture = img_url !== undefined || given.first_frame_url !== undefined;
  const asks = {
    ...{ prompt: requiredTextAt(body, 'prompt'), ...request, ...given, img_url },
    parameters: { duration: wholeNumberAt(body, 'seconds'), ...sizeOf(body, fromPicture), ...parameters },
  };
  return runAs(async (role) => {
    const [row] = await role.query<{ handle: string }>(
      'SELECT hologen.ai_submit($1::text, $2::text, hologen.to_file($3, $4, $5)) AS handle',
      [model, JSON.stringify(asks), ...file],
    );
    return videoOf(await findJob(role, row?.handle ?? ''));
  });
}

/** Files are read from a store, as everywhere in hologen. */
function referenceOf(reference: unknown): string | undefined {
  if (reference === undefined || reference === null) return undefined;
  const path = isObject(reference) ? reference.image_url : reference;
  return typeof path === 'string' && path.includes('://')
    ? path
    : refuse(
        'input_reference',
        'a file',
        'the path of a picture in a store: {"image_url": "oss://bucket/path/picture.png"}, beside "file" with its right',
      );
}

/** A video from a picture has the picture's form, and takes the class of its resolution alone. */
function sizeOf(body: Json, fromPicture: boolean): Json {
  const size = sizeAt(body);
  if (size === undefined || !fromPicture) return { size };
  const shorter = Math.min(...size.split('*').map(Number));
  return { resolution: `${shorter}P` };
}

interface JobRow {
  job_id: string;
  state: string;
  model_name: string;
  prompt: string | null;
  seconds: string | null;
  size: string | null;
  outputs: { url?: string; ossPath?: string }[];
  error: { sqlstate?: string; message?: string } | null;
  price: string | null;
  currency: string | null;
  submitted_at: Date;
  generated_at: Date | null;
  finished_at: Date | null;
}

async function findJob(role: AsRole, id: string): Promise<JobRow> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const [row] = isId
    ? await role.query<JobRow>(
        `SELECT job_id, state, model_name, request ->> 'prompt' AS prompt,
           -- Billed are those of input videos, too.
           coalesce(CASE WHEN json_typeof(usage) = 'object' THEN usage ->> 'output_video_duration' END, units ->> 'seconds', request #>> '{parameters,duration}') AS seconds,
           coalesce(request #>> '{parameters,size}', request #>> '{parameters,resolution}') AS size, outputs, error, price, currency,
           submitted_at, generated_at, finished_at
         FROM hologen.jobs WHERE job_id = $1 AND json_typeof(request) = 'object'`,
        [id],
      )
    : [];
  if (row) return row;
  throw new Refusal(404, { message: `there is no video "${id}" of this key`, code: 'not_found' });
}

const statuses: Record<string, string> = {
  submitted: 'queued',
  running: 'in_progress',
  saving: 'in_progress',
  succeeded: 'completed',
};
const addressLivesSeconds = 86_400;

function videoOf(row: JobRow): Json {
  const seconds = (date: Date | null) => date && Math.floor(date.getTime() / 1000);
  const status = statuses[row.state] ?? 'failed';
  const made = seconds(row.generated_at);
  return {
    id: row.job_id,
    object: 'video',
    status,
    model: row.model_name,
    prompt: row.prompt,
    progress: status === 'completed' ? 100 : 0,
    created_at: seconds(row.submitted_at),
    completed_at: status === 'completed' ? seconds(row.finished_at) : null,
    expires_at:
      row.outputs.some(({ ossPath }) => ossPath) || made === null ? null : made + addressLivesSeconds,
    seconds: row.seconds,
    size: row.size?.replace('*', 'x') ?? null,
    remixed_from_video_id: null,
    error:
      status === 'failed'
        ? { code: row.error?.sqlstate ?? row.state, message: row.error?.message ?? row.state }
        : null,
    hologen: {
      price: row.price === null ? null : Number(row.price),
      currency: row.currency,
      oss_path: row.outputs[0]?.ossPath ?? null,
    },
  };
}

export async function findVideo({ id, runAs }: Asked): Promise<Json> {
  return runAs(async (role) => {
    const row = await findJob(role, id);
    // Collected, so that no later call takes it for one that nobody has.
    if (row.state === 'succeeded') await role.query("SELECT hologen.ai_wait($1, '0 s')", [id]);
    return videoOf(row);
  });
}

/** Leads to where the bytes are: the store's signed address, else the provider's own for a day. */
export async function openVideo({ id, runAs }: Asked): Promise<Response> {
  const address = await runAs(async (role) => {
    const { state, outputs } = await findJob(role, id);
    const [output] = outputs;
    if (state !== 'succeeded' || !output)
      throw new Refusal(404, { message: `the video "${id}" is not there (${state})`, code: 'not_found' });
    if (!output.ossPath) return output.url ?? '';
    const [row] = await role.query<{ url: string }>('SELECT hologen.file_url($1::text) AS url', [
      output.ossPath,
    ]);
    return row?.url ?? '';
  });
  return new Response(null, { status: 302, headers: { location: address, 'cache-control': 'no-store' } });
}
