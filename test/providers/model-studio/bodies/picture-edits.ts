/** What wanx2.1-imageedit does to a picture: a row for each `function`, and one where nothing is said. From its API page. */
import { type BodyRow, golden, stone } from './row.js';

const edit = (what: string, parameters: object, name: string, own: object, mask?: string): BodyRow => ({
  ...{ what, scenario: 'image-edit', modelTypes: ['wanx2.1-imageedit'], mode: 'async' },
  path: '/api/v1/services/aigc/image2image/image-synthesis',
  request: {
    ...{ prompt: 'a red roof', reference_urls: [golden], parameters },
    ...(mask !== undefined && { mask_url: mask }),
  },
  body: {
    input: {
      ...{ function: name, prompt: 'a red roof', base_image_url: `signed:${golden}` },
      ...(mask !== undefined && { mask_image_url: `signed:${mask}` }),
    },
    parameters: { n: 1, watermark: false, ...own },
  },
});
const sides = { top_scale: 1.5, bottom_scale: 1, left_scale: 2, right_scale: 1.25 };
const named = (name: string, own: object = {}) => edit(name, { function: name, ...own }, name, own);

export const pictureEdits: BodyRow[] = [
  edit('what a prompt says', {}, 'description_edit', {}),
  edit('what a prompt says, at a place', {}, 'description_edit_with_mask', {}, stone),
  named('description_edit', { strength: 0.3, seed: 7, n: 4 }),
  named('stylization_all', { strength: 1 }),
  ...['stylization_local', 'remove_watermark', 'colorization', 'control_cartoon_feature'].map((name) =>
    named(name),
  ),
  named('expand', sides),
  named('super_resolution', { upscale_factor: 2 }),
  named('doodle', { is_sketch: true }),
];
