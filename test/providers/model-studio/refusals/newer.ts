/** Bad requests to wan2.7, wan3.0, happyhorse, wan2.5 and before, the -us names, newer pictures. Bounds: their API and price pages. */
import { clip } from '../bodies/videos.js';
import { golden, music, stone } from './row.js';

/** Clips of these lengths, put there by the test. */
export const clips = {
  3: clip,
  12: 'oss://bucket/path/clip-of-12.mp4',
  16: 'oss://bucket/path/clip-of-16.mp4',
};

/** A model type, what it refuses, and the beginning of what the user is told. */
export type NewerRefusal = [modelType: string, request: Record<string, unknown>, message: RegExp];

const times = (count: number, path: string) => Array.from({ length: count }, () => path);
const frames = { first_frame_url: golden, last_frame_url: stone };
const asked = (parameters: object, more: object = {}) => ({ prompt: 'x', ...more, parameters });
const range = (least: number, most: number) =>
  new RegExp(`^parameters\\.duration must be a whole number from ${least} to ${most}, not`);

const wan27: NewerRefusal[] = [
  ['wan2.7-t2v', {}, /^the request has no prompt/],
  ['wan2.7-t2v', asked({ size: '1280*720' }), /^wan2\.7-t2v takes no parameters\.size/],
  ['wan2.7-t2v', asked({ resolution: '480P' }), /^parameters\.resolution must be one of 720P, 1080P/],
  ['wan2.7-t2v', asked({ ratio: '4:5' }), /^parameters\.ratio must be one of 16:9, 9:16, 1:1, 4:3, 3:4/],
  ['wan2.7-t2v', asked({ shot_type: 'multi' }), /^unknown field "shot_type"/],
  ['wan2.7-t2v', asked({ audio: false }), /^parameters\.audio cannot be false/],
  ['wan2.7-t2v', asked({ duration: 1 }), range(2, 15)],
  ['wan2.7-t2v', asked({ duration: 16 }), range(2, 15)],
  ['wan2.7-t2v', { prompt: 'x', img_url: golden }, /takes no img_url/],
  ['wan2.7-i2v', {}, /^the request has no img_url/],
  ['wan2.7-i2v', asked({ ratio: '16:9' }, { img_url: golden }), /^wan2\.7-i2v takes no parameters\.ratio/],
  ['wan2.7-i2v', asked({ duration: 16 }, { img_url: golden }), range(2, 15)],
  ['wan2.7-i2v', { last_frame_url: golden }, /^the request has no first_frame_url/],
  // A join that found no last frame.
  ['wan2.7-i2v', { first_frame_url: golden, last_frame_url: null }, /^the request has no last_frame_url/],
  ['wan2.7-i2v', { img_url: golden, last_frame_url: stone }, /takes no img_url/],
  ['wan2.7-i2v', { img_url: golden, video: clip }, /takes no img_url/],
  ['wan2.7-i2v', { video: clip, audio_url: music }, /takes no audio_url/],
  ['wan2.7-i2v', { video: clips[12] }, /^video must be a video of 2 to 10 seconds, not "12 s"/],
  ['wan2.7-r2v', { prompt: 'x' }, /^the request has no reference_urls/],
  ['wan2.7-r2v', { reference_urls: [golden] }, /^the request has no prompt/],
  ['wan2.7-r2v', { prompt: 'x', reference_urls: times(6, golden) }, /has 6 paths; wan2\.7-r2v takes 1 to 5/],
  ['wan2.7-r2v', { prompt: 'x', reference_urls: [music] }, /^reference_urls\[1\] must be a picture/],
  ['wan2.7-r2v', asked({ duration: 16 }, { reference_urls: [golden] }), range(2, 15)],
  ['wan2.7-r2v', asked({ duration: 11 }, { reference_urls: [clip] }), range(2, 10)],
  ['wan2.7-videoedit', { prompt: 'x' }, /^the request has no video/],
  ['wan2.7-videoedit', { video: golden }, /^video must be a video \(MP4, MOV\)/],
  ['wan2.7-videoedit', { video: clip, reference_urls: times(5, golden) }, /takes 0 to 4/],
  ['wan2.7-videoedit', asked({ duration: 1 }, { video: clip }), range(2, 10)],
  ['wan2.7-videoedit', asked({ duration: 11 }, { video: clip }), range(2, 10)],
  ['wan2.7-videoedit', asked({ audio_setting: 'loud' }, { video: clip }), /^parameters\.audio_setting/],
  ['wan2.7-videoedit', { video: clips[12] }, /^video must be a video of 2 to 10 seconds/],
];

const wan3: NewerRefusal[] = [
  ['wan3.0-video', {}, /^the request has no prompt/],
  ...[31, 1, 0, -2].map((duration): NewerRefusal => ['wan3.0-video', asked({ duration }), range(2, 30)]),
  ['wan3.0-video', asked({ ratio: '4:5' }), /^parameters\.ratio must be one of adaptive, /],
  ['wan3.0-video-prime', asked({ resolution: '4K' }), /^parameters\.resolution must be one of 480P, /],
  ['wan3.0-video', { prompt: 'x', negative_prompt: 'y' }, /takes no negative_prompt/],
  ['wan3.0-video', { prompt: 'x', ...frames, reference_urls: [golden] }, /takes no first_frame_url/],
  ['wan3.0-video', { prompt: 'x', reference_urls: times(11, golden) }, /at most 10 pictures/],
  ['wan3.0-video', { prompt: 'x', reference_urls: times(6, clip) }, /at most 5 videos/],
  ['wan3.0-video', { prompt: 'x', reference_urls: times(6, music) }, /at most 5 sounds/],
  [
    'wan3.0-video',
    { prompt: 'x', reference_urls: [clips[16]] },
    /^reference_urls\[1\] must be a video of 1 to 15 seconds, not "16 s"/,
  ],
  [
    'wan3.0-video',
    { prompt: 'x', reference_urls: [clip, clips[12], clip] },
    /^the input videos must be of at most 15 seconds together, not "18 s"/,
  ],
  [
    'wan3.0-video-prime',
    asked({ duration: 19 }, { reference_urls: [clips[12]] }),
    /^parameters\.duration must be at most 18 beside input videos of 12 s, not 19/,
  ],
];

const horses: NewerRefusal[] = [
  ['happyhorse-1.0-t2v', { prompt: 'x', negative_prompt: 'y' }, /takes no negative_prompt/],
  ['happyhorse-1.0-t2v', asked({ prompt_extend: true }), /^unknown field "prompt_extend"/],
  ['happyhorse-1.1-t2v', asked({ shot_type: 'multi' }), /^unknown field "shot_type"/],
  ['happyhorse-1.1-t2v', asked({ audio: false }), /^parameters\.audio cannot be false/],
  ['happyhorse-1.0-t2v', asked({ duration: 2 }), range(3, 15)],
  ['happyhorse-1.1-t2v', asked({ duration: 16 }), range(3, 15)],
  ['happyhorse-1.0-t2v', asked({ ratio: '2:1' }), /^parameters\.ratio must be one of .* 9:21, 21:9/],
  [
    'happyhorse-1.0-t2v',
    asked({ resolution: '480P' }),
    /^parameters\.resolution must be one of 720P, 1080P,/,
  ],
  ['happyhorse-1.1-t2v', asked({ resolution: '4K' }), /^parameters\.resolution must be one of 480P, 720P, /],
  ['happyhorse-1.0-t2v', { prompt: 'x', audio_url: music }, /takes no audio_url/],
  ['happyhorse-1.0-i2v', { prompt: 'x' }, /^the request has no img_url/],
  ['happyhorse-1.1-i2v', asked({ ratio: '16:9' }, { img_url: golden }), /takes no parameters\.ratio/],
  ['happyhorse-1.0-i2v', frames, /takes no first_frame_url/],
  ['happyhorse-1.0-r2v', { prompt: 'x', reference_urls: times(10, golden) }, /takes 1 to 9/],
  ['happyhorse-1.1-r2v', { prompt: 'x', reference_urls: [clip] }, /^reference_urls\[1\] must be a picture/],
  ['happyhorse-1.1-r2v', { prompt: 'x', reference_urls: [golden], img_url: stone }, /takes no img_url/],
  ['happyhorse-1.0-video-edit', { video: clip }, /^the request has no prompt/],
  ['happyhorse-1.0-video-edit', asked({ duration: 5 }, { video: clip }), /^unknown field "duration"/],
  ['happyhorse-1.0-video-edit', asked({ ratio: '16:9' }, { video: clip }), /takes no parameters\.ratio/],
  ['happyhorse-1.0-video-edit', { prompt: 'x', video: clip, reference_urls: times(6, golden) }, /0 to 5/],
];

const older: NewerRefusal[] = [
  ['wan2.5-t2v-preview', asked({ duration: 7 }), /^parameters\.duration must be one of 5, 10, not 7/],
  ['wan2.5-t2v-preview', asked({ size: '1024*1024' }), /^parameters\.size must be one of 832\*480, /],
  ['wan2.5-i2v-preview', asked({ duration: 7 }, { img_url: golden }), /^parameters\.duration/],
  ['wan2.2-t2v-plus', asked({ resolution: '720P' }), /^parameters\.resolution must be one of 480P, 1080P/],
  ['wan2.2-t2v-plus', { prompt: 'x', audio_url: music }, /takes no audio_url/],
  ['wan2.2-i2v-plus', asked({ resolution: '720P' }, { img_url: golden }), /^parameters\.resolution/],
  ['wanx2.1-t2v-turbo', asked({ duration: 4 }), /^parameters\.duration must be 5/],
  ['wan2.1-i2v-turbo', asked({ duration: 2 }, { img_url: golden }), range(3, 5)],
  ['wanx2.1-kf2v-plus', asked({ resolution: '1080P' }, frames), /^parameters\.resolution must be 720P/],
  ['wan2.6-t2v-us', asked({ duration: 15 }), /^parameters\.duration must be one of 5, 10, not 15/],
  ['wan2.6-i2v-us', asked({ duration: 7 }, { img_url: golden }), /must be one of 5, 10, 15, not 7/],
];

const both = { reference_urls: [golden, stone] };
const one = { reference_urls: [golden] };
const pictures: NewerRefusal[] = [
  ['qwen-image-3.0-pro', asked({ size: '1K' }), /^parameters\.size must be width\*height/],
  ['qwen-image-3.0-pro', asked({ size: '4096*4096' }), /^parameters\.size must be a size of/],
  ['qwen-image-3.0', asked({ size: '5000*600' }), /ratio 1:8 to 8:1/],
  ['qwen-image-3.0', asked({ n: 7 }), /^parameters\.n must be a whole number from 1 to 6/],
  ['qwen-image-3.0', { prompt: 'x', reference_urls: times(4, golden) }, /takes 1 to 3/],
  ['qwen-image-3.0', asked({ prompt_extend_mode: 'deep' }), /^parameters\.prompt_extend_mode must be one of/],
  ['qwen-image-3.0-pro', asked({ prompt_extend_mode: 'agent' }, both), /^parameters\.prompt_extend_mode/],
  ['qwen-image-2.1-pro', asked({ prompt_extend_mode: 'agent' }), /^unknown field "prompt_extend_mode"/],
  ['wan2.7-image', { prompt: 'x', negative_prompt: 'y' }, /takes no negative_prompt/],
  ['wan2.7-image', asked({ prompt_extend: true }), /^unknown field "prompt_extend"/],
  ['wan2.7-image', asked({ n: 5 }), /^parameters\.n must be a whole number from 1 to 4/],
  ['wan2.7-image', asked({ n: 13, enable_sequential: true }), /from 1 to 12/],
  ['wan2.7-image', { prompt: 'x', reference_urls: times(10, golden) }, /takes 1 to 9/],
  ['wan2.7-image', asked({ size: '4K' }), /^parameters\.size must be 1K, 2K, or width/],
  ['wan2.7-image-pro', asked({ size: '4K' }, both), /^parameters\.size must be 1K, 2K, or width/],
  [
    'wan2.7-image-pro',
    asked({ size: '4K', enable_sequential: true }),
    /^parameters\.size must be 1K, 2K, or/,
  ],
  ['wan2.7-image-pro', asked({ size: '4096*4096', enable_sequential: true }), /^parameters\.size must be a/],
  ['wan2.6-image', { prompt: 'x', reference_urls: times(5, golden) }, /takes 1 to 4/],
  ['wan2.6-image', asked({ n: 5 }, both), /^parameters\.n/],
  ['z-image-turbo', { prompt: 'x', negative_prompt: 'y' }, /takes no negative_prompt/],
  ['z-image-turbo', asked({ watermark: true }), /^unknown field "watermark"/],
  ['z-image-turbo', asked({ n: 2 }), /^parameters\.n must be 1/],
  ['z-image-turbo', { prompt: 'x', ...both }, /makes pictures from text only/],
  ['wan2.5-t2i-preview', asked({ size: '1024*1024' }), /^parameters\.size must be a size of 1280\*1280/],
  ['wan2.5-t2i-preview', asked({ n: 5 }), /^parameters\.n/],
  ['wan2.2-t2i-flash', asked({ size: '500*1000' }), /each side 512 to 1440/],
  ['wan2.5-i2i-preview', { prompt: 'x' }, /^the request has no reference_urls/],
  ['wan2.5-i2i-preview', { prompt: 'x', reference_urls: times(4, golden) }, /takes 1 to 3/],
  ['wan2.5-i2i-preview', { prompt: 'x', mask_url: stone, ...both }, /takes no mask_url/],
  ['wan2.5-i2i-preview', asked({ function: 'expand' }, both), /^unknown field "function"/],
  ['wanx2.1-imageedit', { prompt: 'x' }, /^the request has no reference_urls/],
  ['wanx2.1-imageedit', { prompt: 'x', ...both }, /takes 1$/],
  ['wanx2.1-imageedit', asked({ size: '1024*1024' }, one), /takes no parameters\.size/],
  [
    'wanx2.1-imageedit',
    asked({ function: 'blur' }, one),
    /^parameters\.function must be one of description_edit, /,
  ],
  [
    'wanx2.1-imageedit',
    asked({ strength: 1.5 }, one),
    /^parameters\.strength must be a number from 0 to 1, not 1\.5/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ strength: '0.5' }, one),
    /^parameters\.strength must be a number from 0 to 1/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ upscale_factor: 2 }, one),
    /^description_edit takes no parameters\.upscale_factor/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ function: 'expand', top_scale: 3 }, one),
    /top_scale must be a number from 1 to 2/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ function: 'doodle', strength: 1 }, one),
    /^doodle takes no parameters\.strength/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ function: 'description_edit_with_mask' }, one),
    /^the request has no mask_url/,
  ],
  [
    'wanx2.1-imageedit',
    asked({ function: 'doodle' }, { ...one, mask_url: stone }),
    /^doodle takes no mask_url/,
  ],
  [
    'wanx2.1-imageedit',
    { prompt: 'x', ...one, mask_url: 'oss://bucket/path/a.mp4' },
    /^mask_url must be a picture/,
  ],
  ['wanx2.1-imageedit', { prompt: 'x', ...one, function: 'doodle' }, /^function stands beside the prompt/],
];

export const newerRefusals = [...wan27, ...wan3, ...horses, ...older, ...pictures];
