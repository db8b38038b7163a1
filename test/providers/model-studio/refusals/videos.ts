/** Bad requests for videos. Sizes, resolutions and durations: the API pages of wan2.6 and wan2.2-kf2v-flash. */
import {
  fileHint,
  golden,
  missingHint,
  missingObject,
  music,
  parameters,
  pathHint,
  type Refusals,
  rangeHint,
  stone,
} from './row.js';

type Row = Refusals['rows'][number];
const videoSizes =
  '1280*720, 720*1280, 960*960, 1088*832, 832*1088, 1920*1080, 1080*1920, 1440*1440, 1632*1248, 1248*1632';
const addPath = (field: string) =>
  `Add it: json_build_object('${field}', 'oss://bucket/path/file.png', …)::text.`;
const endingHint = 'The ending of its name tells what an object is.';
const frameSizeHint = (resolutions: string) =>
  `Use parameters.resolution: one of ${resolutions}; what goes in gives the ratio.`;

export const textToVideo: Refusals = {
  scenario: 'text-to-video',
  model: 'wan26_t2v',
  good: { prompt: 'waves' },
  rows: [
    [
      { prompt: undefined },
      'the request has no prompt',
      "Add it: json_build_object('prompt', '…', …)::text.",
    ],
    ...['720P', '16:9'].map(
      (size): Row => [
        parameters({ size }),
        `parameters.size must be width*height, such as '1920*1080', not "${size}"`,
        `Sizes of wan2.6-t2v: ${videoSizes}.`,
      ],
    ),
    [
      parameters({ size: '1024*1024' }),
      `parameters.size must be one of ${videoSizes}, not "1024*1024"`,
      `Sizes of wan2.6-t2v: ${videoSizes}.`,
    ],
    ...['480P', '1280*720', 720].map(
      (resolution): Row => [
        parameters({ resolution }),
        `parameters.resolution must be one of 720P, 1080P, not ${JSON.stringify(resolution)}`,
        'Set parameters.resolution to one of 720P, 1080P.',
      ],
    ),
    [
      parameters({ size: '1280*720', resolution: '720P' }),
      'parameters.resolution must be left out beside parameters.size, not "720P"',
      "Say it one way: parameters.size, e.g. '1920*1080', or resolution and ratio.",
    ],
    [
      parameters({ ratio: '2:1' }),
      'parameters.ratio must be one of 16:9, 9:16, 1:1, 4:3, 3:4, not "2:1"',
      'Set parameters.ratio to one of 16:9, 9:16, 1:1, 4:3, 3:4.',
    ],
    ...[1, 16, 5.5, '5s'].map(
      (duration): Row => [
        parameters({ duration }),
        `parameters.duration must be a whole number from 2 to 15, not ${JSON.stringify(duration)}`,
        rangeHint('parameters.duration', '2 to 15'),
      ],
    ),
    [
      parameters({ duration: '5' }),
      'parameters.duration must be a whole number from 2 to 15, not "5"',
      'Write the number without quotes: 5; a text column needs a cast, …::int.',
    ],
    [
      parameters({ shot_type: 'zoom' }),
      'parameters.shot_type must be one of single, multi, not "zoom"',
      'Set parameters.shot_type to one of single, multi.',
    ],
    [
      parameters({ shot_type: 'multi', prompt_extend: false }),
      'parameters.prompt_extend must be true beside shot_type, not false',
      'shot_type works only with prompt_extend; leave one of them out.',
    ],
    [
      parameters({ audio: false }),
      'parameters.audio cannot be false: wan2.6-t2v always makes sound',
      'For silent video use a model of type wan3.0-video, wan3.0-video-prime; or leave audio out.',
    ],
    [
      parameters({ audio: 'yes' }),
      'parameters.audio must be true or false, not "yes"',
      'Write parameters.audio without quotes: TRUE or FALSE.',
    ],
    [
      parameters({ n: 1 }),
      'unknown field "n" in parameters of wan2.6-t2v',
      /^Known here: size, resolution, ratio, duration, /,
    ],
    [
      { img_url: golden },
      'model type wan2.6-t2v does text-to-video and takes no img_url',
      'img_url belongs to first-frame (model type wan2.6-i2v, wan2.6-i2v-flash, wan2.5-i2v-preview, wan2.2-i2v-flash, wan2.2-i2v-plus).',
    ],
    [
      { reference_urls: [golden] },
      'model type wan2.6-t2v does text-to-video and takes no reference_urls',
      'reference_urls belongs to reference-video (model type wan2.6-r2v, wan2.6-r2v-flash, wan2.7-r2v, wan3.0-video, wan3.0-video-prime) or video-edit (model type wan2.7-videoedit, happyhorse-1.0-video-edit).',
    ],
    [{ audio_url: golden }, `audio_url must be a sound file (WAV, MP3), not "${golden}"`, endingHint],
    [
      { audio_url: 'oss://bucket/path/huge.mp3' },
      'audio_url is too large: oss://bucket/path/huge.mp3 has 15.0 MiB',
      'The provider takes at most 15 MiB.',
    ],
    [
      { audio_url: 'http://169.254.169.254/a.mp3' },
      'audio_url is not an OSS path: "http://169.254.169.254/a.mp3"; it must start with oss:// and a bucket',
      pathHint,
    ],
    [
      { audio_url: music },
      'the request uses audio_url, but no FILE gives access to OSS',
      fileHint,
      { file: null },
    ],
    [
      { output_dir: 'oss://bucket/out/waves.mp4' },
      'output_dir must be a directory, not "oss://bucket/out/waves.mp4"',
      'Write oss://bucket/out/; the file is named after the request id.',
    ],
  ],
};

export const firstFrame: Refusals = {
  scenario: 'first-frame',
  model: 'wan26_i2v',
  good: { prompt: 'he walks', img_url: golden },
  rows: [
    [{ img_url: undefined }, 'the request has no img_url', addPath('img_url')],
    [
      { img_url: [golden] },
      `img_url must be a text, not ["${golden}"]`,
      'Write img_url as one text in quotes.',
    ],
    [{ img_url: music }, `img_url must be a picture (JPEG, PNG, BMP, WEBP), not "${music}"`, endingHint],
    [
      { img_url: 'oss://bucket/path/' },
      'img_url must be the path of one object, not "oss://bucket/path/"',
      'Name the file: oss://bucket/path/file.png.',
    ],
    [
      { img_url: 'oss://bucket/path/none.png' },
      missingObject('oss://bucket/path/none.png'),
      missingHint,
      { sqlstate: '58P01' },
    ],
    ...(
      [
        ['size', '1280*720'],
        ['ratio', '16:9'],
      ] as const
    ).map(
      ([name, value]): Row => [
        parameters({ [name]: value }),
        `wan2.6-i2v takes no parameters.${name}, which is "${value}"`,
        frameSizeHint('720P, 1080P'),
      ],
    ),
    ...['480P', '720p', '1280*720'].map(
      (resolution): Row => [
        parameters({ resolution }),
        `parameters.resolution must be one of 720P, 1080P, not "${resolution}"`,
        'Set parameters.resolution to one of 720P, 1080P.',
      ],
    ),
    [
      parameters({ audio: false }),
      'parameters.audio cannot be false: wan2.6-i2v always makes sound',
      'For silent video use a model of type wan2.6-i2v-flash; or leave audio out.',
    ],
    [
      { audio_url: music, parameters: { audio: false } },
      'parameters.audio must be true (or left out) beside audio_url, not false',
      'Leave out one of the two.',
      { model: 'wan26_i2v_flash' },
    ],
    [
      { first_frame_url: golden },
      'model type wan2.6-i2v does first-frame and takes no first_frame_url',
      'first_frame_url belongs to first-and-last-frame (model type wan2.2-kf2v-flash, wanx2.1-kf2v-plus, wan2.1-kf2v-plus, wan2.7-i2v, wan3.0-video).',
    ],
  ],
};

export const firstAndLastFrame: Refusals = {
  scenario: 'first-and-last-frame',
  model: 'wan22_kf2v_flash',
  good: { prompt: 'gold to stone', first_frame_url: golden, last_frame_url: stone },
  rows: [
    [{ first_frame_url: undefined }, 'the request has no first_frame_url', addPath('first_frame_url')],
    [{ last_frame_url: undefined }, 'the request has no last_frame_url', addPath('last_frame_url')],
    [
      { output_dir: 'oss://bucket/out/' },
      'output_dir must be a complete file name for first-and-last-frame, not "oss://bucket/out/"',
      "Write oss://bucket/path/video.mp4, or give the file a name: 'name', 'video'.",
    ],
    [
      parameters({ duration: 10 }),
      'parameters.duration must be 5 for wan2.2-kf2v-flash, not 10',
      'wan2.2-kf2v-flash makes videos of 5 seconds; leave duration out.',
    ],
    [
      parameters({ audio: true }),
      'parameters.audio cannot be true: wan2.2-kf2v-flash makes silent video',
      'Leave audio out.',
    ],
    [
      parameters({ shot_type: 'multi' }),
      'unknown field "shot_type" in parameters of wan2.2-kf2v-flash',
      /^Known here: resolution, /,
    ],
    [
      parameters({ size: '1280*720' }),
      'wan2.2-kf2v-flash takes no parameters.size, which is "1280*720"',
      frameSizeHint('480P, 720P, 1080P'),
    ],
    [
      { audio_url: music },
      'model type wan2.2-kf2v-flash does first-and-last-frame and takes no audio_url',
      /^audio_url belongs to text-to-video /,
    ],
  ],
};

export const referenceVideo: Refusals = {
  scenario: 'reference-video',
  model: 'wan26_r2v',
  good: { prompt: 'they dance', reference_urls: [golden] },
  rows: [
    [
      { reference_urls: undefined },
      'the request has no reference_urls, which model type wan2.6-r2v needs',
      "Add 'reference_urls', ARRAY['oss://bucket/path/file.png'].",
    ],
    [
      { reference_urls: [] },
      'reference_urls is an empty array',
      "Write ARRAY['oss://bucket/path/file.png'].",
    ],
    [
      { reference_urls: Array(6).fill(golden) },
      'reference_urls has 6 paths; wan2.6-r2v takes 1 to 5',
      'Leave out 1 of them.',
    ],
    [
      { reference_urls: [golden, music] },
      `reference_urls[2] must be a picture (JPEG, PNG, BMP, WEBP) or a video (MP4, MOV), not "${music}"`,
      endingHint,
    ],
    [
      { prompt: `${golden} greets ${stone}.` },
      `the prompt names ${stone}, which is not among reference_urls`,
      'Add the path to reference_urls, written as in the prompt.',
    ],
    [
      parameters({ audio: false }),
      'parameters.audio cannot be false: wan2.6-r2v always makes sound',
      'For silent video use a model of type wan2.6-r2v-flash; or leave audio out.',
    ],
    [
      parameters({ prompt_extend: true }),
      'unknown field "prompt_extend" in parameters of wan2.6-r2v',
      /^Known here: size, resolution, ratio, duration, /,
    ],
    [
      parameters({ duration: 11 }),
      'parameters.duration must be a whole number from 2 to 10, not 11',
      rangeHint('parameters.duration', '2 to 10'),
    ],
    [
      { img_url: golden },
      'model type wan2.6-r2v does reference-video and takes no img_url',
      'img_url belongs to first-frame (model type wan2.6-i2v, wan2.6-i2v-flash, wan2.5-i2v-preview, wan2.2-i2v-flash, wan2.2-i2v-plus).',
    ],
  ],
};
