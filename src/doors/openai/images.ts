/** `POST /v1/images/generations`: pictures from a prompt. @see https://platform.openai.com/docs/api-reference/images/create */
import { type Json, optionalChoice } from '../../fields.js';
import type { AsRole } from './as-role.js';
import type { Asked } from './asked.js';
import {
  type Idle,
  ownMedia,
  ownMediaFields,
  refuseOthers,
  requiredTextAt,
  sizeAt,
  wholeNumberAt,
} from './request.js';
import { spentAt } from './spent.js';

const idle: Idle = {
  quality: ['auto', 'standard'],
  style: [],
  background: ['auto', 'opaque'],
  moderation: ['auto'],
  output_format: ['png'],
  stream: [false],
  partial_images: [0],
};

interface Picture {
  url: string;
  oss_path?: string;
}

export async function makePictures({ body, runAs, download }: Asked): Promise<Json> {
  const known = ['model', 'prompt', 'n', 'size', 'response_format', ...ownMediaFields];
  refuseOthers(body, known, idle, 'a request for pictures');
  const model = requiredTextAt(body, 'model');
  const { request, parameters, file } = ownMedia(body);
  const asked = { n: wholeNumberAt(body, 'n'), size: sizeAt(body), ...parameters };
  const text = JSON.stringify({ prompt: requiredTextAt(body, 'prompt'), ...request, parameters: asked });
  const form = optionalChoice(body, 'response_format', ['url', 'b64_json']) ?? 'url';
  const { pictures, originals, spent } = await runAs(async (role) => {
    const [row] = await role.query<{ result: string; at: string }>(
      `SELECT hologen.ai_gen($1::text, $2::text, hologen.to_file($3, $4, $5)) AS result, statement_timestamp()::text AS at`,
      [model, text, ...file],
    );
    const made = JSON.parse(row?.result ?? '{}') as { image_urls: string[]; image_oss_paths: string[] };
    const spent = await spentAt(role, row?.at ?? '');
    return { pictures: await addresses(role, made), originals: made.image_urls, spent };
  });
  const data =
    form === 'url'
      ? pictures
      : await Promise.all(
          pictures.map(async ({ oss_path }, index) => ({
            b64_json: (await download(originals[index] ?? '')).toString('base64'),
            oss_path,
          })),
        );
  return { created: Math.floor(Date.now() / 1000), data, hologen: spent.hologen };
}

/** Of saved ones the store's, for an hour; else the provider's own, which lives for a day. */
async function addresses(
  role: AsRole,
  made: { image_urls: string[]; image_oss_paths: string[] },
): Promise<Picture[]> {
  if (made.image_oss_paths.length === 0) return made.image_urls.map((url) => ({ url }));
  return role.query<{ oss_path: string; url: string }>(
    'SELECT path AS oss_path, hologen.file_url(path) AS url FROM unnest($1::text[]) WITH ORDINALITY AS p (path, place) ORDER BY place',
    [made.image_oss_paths],
  );
}
