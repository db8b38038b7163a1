/** Videos: from text, a first frame, a first and a last frame, references. From the API pages of wan2.6 and wan2.2-kf2v-flash. */
import { type BodyRow, golden, music, stone } from './row.js';

const video = {
  task: 'video-generation',
  path: '/api/v1/services/aigc/video-generation/video-synthesis',
  mode: 'async',
} as const;
const keyFrames = { ...video, path: '/api/v1/services/aigc/image2video/video-synthesis' } as const;

export const textToVideo: BodyRow[] = [
  {
    ...video,
    what: 'defaults',
    scenario: 'text-to-video',
    modelTypes: ['wan2.6-t2v', 'wan2.6-t2v-us'],
    request: { prompt: 'waves' },
    body: {
      input: { prompt: 'waves' },
      parameters: { size: '1920*1080', duration: 5, prompt_extend: true, watermark: false },
    },
  },
  {
    ...video,
    what: 'everything given; audio true is what the model does anyway and is not sent',
    scenario: 'text-to-video',
    modelTypes: ['wan2.6-t2v'],
    request: {
      prompt: 'waves',
      negative_prompt: 'people',
      audio_url: music,
      parameters: {
        size: '1280x720',
        prompt_extend: true,
        duration: 15,
        shot_type: 'multi',
        watermark: true,
        seed: 1,
        audio: true,
      },
    },
    body: {
      input: { prompt: 'waves', negative_prompt: 'people', audio_url: `signed:${music}` },
      parameters: {
        size: '1280*720',
        duration: 15,
        prompt_extend: true,
        watermark: true,
        seed: 1,
        shot_type: 'multi',
      },
    },
  },
  ...(
    [
      [{ resolution: '720P' }, '1280*720'],
      [{ resolution: '1080P' }, '1920*1080'],
      [{ ratio: '9:16' }, '1080*1920'],
      [{ resolution: '720P', ratio: '9:16' }, '720*1280'],
      [{ resolution: '720P', ratio: '1:1' }, '960*960'],
      [{ resolution: '720P', ratio: '4:3' }, '1088*832'],
      [{ resolution: '720P', ratio: '3:4' }, '832*1088'],
      [{ resolution: '1080P', ratio: '1:1' }, '1440*1440'],
      [{ resolution: '1080P', ratio: '4:3' }, '1632*1248'],
      [{ resolution: '1080P', ratio: '3:4' }, '1248*1632'],
    ] as const
  ).map(
    ([asked, size]): BodyRow => ({
      ...video,
      what: `the client's ${Object.values(asked).join(' ')} as a size`,
      scenario: 'text-to-video',
      modelTypes: ['wan2.6-t2v'],
      request: { prompt: 'waves', parameters: { ...asked, duration: 3 } },
      body: {
        input: { prompt: 'waves' },
        parameters: { size, duration: 3, prompt_extend: true, watermark: false },
      },
    }),
  ),
];

export const firstFrame: BodyRow[] = [
  {
    ...video,
    what: 'defaults',
    scenario: 'first-frame',
    modelTypes: ['wan2.6-i2v', 'wan2.6-i2v-us'],
    request: { prompt: 'he walks', img_url: golden },
    body: {
      input: { prompt: 'he walks', img_url: `signed:${golden}` },
      parameters: { resolution: '1080P', duration: 5, prompt_extend: true, watermark: false },
    },
  },
  {
    ...video,
    what: 'sound by default, and said so',
    scenario: 'first-frame',
    modelTypes: ['wan2.6-i2v-flash'],
    request: { prompt: 'he walks', img_url: golden },
    body: {
      input: { prompt: 'he walks', img_url: `signed:${golden}` },
      parameters: { resolution: '1080P', duration: 5, prompt_extend: true, watermark: false, audio: true },
    },
  },
  {
    ...video,
    what: 'everything given',
    scenario: 'first-frame',
    modelTypes: ['wan2.6-i2v'],
    request: {
      prompt: 'he walks',
      negative_prompt: 'rain',
      img_url: golden,
      audio_url: music,
      parameters: {
        resolution: '720P',
        prompt_extend: true,
        duration: 2,
        shot_type: 'single',
        watermark: true,
        seed: 3,
        audio: true,
      },
    },
    body: {
      input: {
        prompt: 'he walks',
        negative_prompt: 'rain',
        img_url: `signed:${golden}`,
        audio_url: `signed:${music}`,
      },
      parameters: {
        resolution: '720P',
        duration: 2,
        prompt_extend: true,
        watermark: true,
        seed: 3,
        shot_type: 'single',
      },
    },
  },
  {
    ...video,
    what: 'silent',
    scenario: 'first-frame',
    modelTypes: ['wan2.6-i2v-flash'],
    request: { prompt: 'he walks', img_url: golden, parameters: { audio: false, prompt_extend: false } },
    body: {
      input: { prompt: 'he walks', img_url: `signed:${golden}` },
      parameters: { resolution: '1080P', duration: 5, prompt_extend: false, watermark: false, audio: false },
    },
  },
];

export const firstAndLastFrame: BodyRow[] = [
  {
    ...keyFrames,
    what: 'defaults, and no duration: there is only one',
    scenario: 'first-and-last-frame',
    modelTypes: ['wan2.2-kf2v-flash'],
    request: { prompt: 'gold to stone', first_frame_url: golden, last_frame_url: stone },
    body: {
      input: {
        prompt: 'gold to stone',
        first_frame_url: `signed:${golden}`,
        last_frame_url: `signed:${stone}`,
      },
      parameters: { resolution: '720P', prompt_extend: true, watermark: false },
    },
  },
  {
    ...keyFrames,
    what: 'everything given, the only duration too',
    scenario: 'first-and-last-frame',
    modelTypes: ['wan2.2-kf2v-flash'],
    request: {
      prompt: 'gold to stone',
      negative_prompt: 'cuts',
      first_frame_url: golden,
      last_frame_url: stone,
      parameters: {
        resolution: '480P',
        prompt_extend: false,
        duration: 5,
        watermark: true,
        seed: 4,
        audio: false,
      },
    },
    body: {
      input: {
        prompt: 'gold to stone',
        negative_prompt: 'cuts',
        first_frame_url: `signed:${golden}`,
        last_frame_url: `signed:${stone}`,
      },
      parameters: { resolution: '480P', prompt_extend: false, watermark: true, seed: 4 },
    },
  },
];

/** Put there by the test: one path begins another. */
export const longerPath = 'oss://bucket/path/golden_man.png.png';
export const clip = 'oss://bucket/path/clip.mp4';

export const referenceVideo: BodyRow[] = [
  {
    ...video,
    what: 'the documented example: paths in the prompt become character1 and character2',
    scenario: 'reference-video',
    modelTypes: ['wan2.6-r2v'],
    request: {
      prompt: `Merge ${golden} and ${stone} into a single image and generate a video of them shaking hands and smiling.`,
      reference_urls: [golden, stone],
      parameters: { size: '1280*720', duration: 5, shot_type: 'multi', audio: true, watermark: false },
    },
    body: {
      input: {
        prompt:
          'Merge character1 and character2 into a single image and generate a video of them shaking hands and smiling.',
        reference_urls: [`signed:${golden}`, `signed:${stone}`],
      },
      parameters: { size: '1280*720', duration: 5, watermark: false, shot_type: 'multi' },
    },
  },
  {
    ...video,
    what: 'defaults; a prompt that says character1 itself stays as it is',
    scenario: 'reference-video',
    modelTypes: ['wan2.6-r2v'],
    request: { prompt: 'character1 dances', reference_urls: [golden] },
    body: {
      input: { prompt: 'character1 dances', reference_urls: [`signed:${golden}`] },
      parameters: { size: '1920*1080', duration: 5, watermark: false },
    },
  },
  {
    ...video,
    what: 'one path begins another, one comes twice in the prompt',
    scenario: 'reference-video',
    modelTypes: ['wan2.6-r2v-flash'],
    request: {
      prompt: `${longerPath} meets ${golden}; ${longerPath} bows.`,
      negative_prompt: 'rain',
      reference_urls: [golden, longerPath],
      parameters: { duration: 10, seed: 6, audio: false, resolution: '720P', ratio: '9:16' },
    },
    body: {
      input: {
        prompt: 'character2 meets character1; character2 bows.',
        negative_prompt: 'rain',
        reference_urls: [`signed:${golden}`, `signed:${longerPath}`],
      },
      parameters: { size: '720*1280', duration: 10, watermark: false, seed: 6, audio: false },
    },
  },
  {
    ...video,
    what: 'a video among the references',
    scenario: 'reference-video',
    modelTypes: ['wan2.6-r2v'],
    request: { prompt: `${golden} talks as in ${clip}`, reference_urls: [clip, golden] },
    body: {
      input: {
        prompt: 'character2 talks as in character1',
        reference_urls: [`signed:${clip}`, `signed:${golden}`],
      },
      parameters: { size: '1920*1080', duration: 5, watermark: false },
    },
  },
  {
    ...video,
    what: 'five references, sound by default',
    scenario: 'reference-video',
    modelTypes: ['wan2.6-r2v-flash'],
    request: { prompt: 'they dance', reference_urls: [golden, stone, golden, stone, golden] },
    body: {
      input: {
        prompt: 'they dance',
        reference_urls: [
          `signed:${golden}`,
          `signed:${stone}`,
          `signed:${golden}`,
          `signed:${stone}`,
          `signed:${golden}`,
        ],
      },
      parameters: { size: '1920*1080', duration: 5, watermark: false, audio: true },
    },
  },
];
