/** What wanx2.1-imageedit takes and refuses, and how large what it makes is. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pictureSize } from '../../../sandbox/media/picture-size.js';
import { drawPicture } from '../../../sandbox/media/pictures.js';
import { type MediaServer, type StudioClient, serveMedia, startStudio } from './studio-client.js';

let client: StudioClient;
let media: MediaServer;
beforeAll(async () => {
  client = await startStudio();
  const draw = (width: number, height: number) =>
    drawPicture({ width, height, title: 'input', prompt: 'a house', references: [], seed: 1 });
  media = await serveMedia({
    'house.png': await draw(800, 600),
    'mask.png': await draw(800, 600),
    'other.png': await draw(600, 800),
    'tiny.png': await draw(400, 400),
  });
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await media[Symbol.asyncDispose]();
});

const submit = (edit: string | undefined, parameters: object, picture?: string, mask?: string) =>
  client.submitTask('image2image/image-synthesis', {
    model: 'wanx2.1-imageedit',
    input: {
      ...{ function: edit, prompt: 'a red roof' },
      ...(picture && { base_image_url: `${media.url}/${picture}` }),
      ...(mask && { mask_image_url: `${media.url}/${mask}` }),
    },
    parameters,
  });

test.each<[edit: string | undefined, parameters: object, picture?: string, mask?: string]>([
  [undefined, {}, 'house.png'],
  ['blur', {}, 'house.png'],
  ['description_edit', {}],
  ['description_edit', { strength: 1.2 }, 'house.png'],
  ['description_edit', { size: '1024*1024' }, 'house.png'],
  ['description_edit', { upscale_factor: 2 }, 'house.png'],
  ['description_edit', { n: 5 }, 'house.png'],
  ['description_edit_with_mask', {}, 'house.png'],
  ['expand', { top_scale: 0.5 }, 'house.png'],
  ['super_resolution', { upscale_factor: 5 }, 'house.png'],
  ['doodle', { is_sketch: 'yes' }, 'house.png'],
])('function %s with %j, picture %s and mask %s is refused', async (...brief) => {
  expect(await submit(...brief)).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
});

async function made(...brief: Parameters<typeof submit>) {
  const { status, body } = await submit(...brief);
  expect(status).toBe(200);
  return client.poll(body.output.task_id);
}

test('a mask of another size, and a picture that is too small, end the task', async () => {
  expect((await made('description_edit_with_mask', {}, 'house.png', 'other.png')).output).toMatchObject({
    ...{ task_status: 'FAILED', code: 'InvalidParameter' },
  });
  expect((await made('colorization', {}, 'tiny.png')).output.task_status).toBe('FAILED');
});

test.each<[edit: string, parameters: object, mask: string | undefined, size: [number, number]]>([
  ['description_edit', { strength: 0.2 }, undefined, [800, 600]],
  ['description_edit_with_mask', {}, 'mask.png', [800, 600]],
  ['expand', { left_scale: 1.5, right_scale: 1.25, top_scale: 2 }, undefined, [1400, 1200]],
  ['super_resolution', { upscale_factor: 2 }, undefined, [1600, 1200]],
])('%s with %j and mask %s makes pictures of %j, each billed', async (edit, parameters, mask, size) => {
  const { output, usage } = await made(edit, { ...parameters, n: 2 }, 'house.png', mask);
  expect(usage).toEqual({ image_count: 2 });
  expect(output.results).toHaveLength(2);
  const file = Buffer.from(await (await fetch(output.results[0].url)).arrayBuffer());
  expect(pictureSize(file)).toMatchObject({ width: size[0], height: size[1] });
});
