/** Bad requests for pictures: from text, edited, fused. Ranges and sizes: the API pages of Qwen-Image and wan2.6-t2i. */
import {
  emptyHint,
  fileHint,
  golden,
  jsonHint,
  missingHint,
  missingObject,
  music,
  parameters,
  pathHint,
  type Refusals,
  rangeHint,
  stone,
} from './row.js';

const freeSizes =
  'Sizes of qwen-image-2.0-pro: 512*512 to 2048*2048 pixels in all, e.g. 2048*2048, 2688*1536, 1536*2688, 2368*1728, 1728*2368.';
const fiveSizes = '1664*928, 1472*1104, 1328*1328, 1104*1472, 928*1664';
const imageParameters = 'Known here: size, n, watermark, prompt_extend, seed, negative_prompt.';
const editingTypes =
  'qwen-image-2.0-pro, qwen-image-2.0, qwen-image-edit, qwen-image-edit-plus, qwen-image-edit-max';
const severalPictures =
  'For several pictures use a model of type qwen-image-2.0-pro, qwen-image-2.0, qwen-image-edit-plus, qwen-image-edit-max, wan2.6-t2i, or call once for each.';
const unquoted = (value: string) =>
  `Write the number without quotes: ${value}; a text column needs a cast, …::int.`;
const truthHint = (field: string) => `Write ${field} without quotes: TRUE or FALSE.`;

export const textToImage: Refusals = {
  scenario: 'text-to-image',
  model: 'qwen_image_2_pro',
  good: { prompt: 'a castle' },
  rows: [
    [null, 'the request of ai_gen is NULL', 'A JSON operator with a NULL side gives NULL; coalesce it.'],
    ['', /^the request is not JSON: /, jsonHint, { sqlstate: '22P02' }],
    ['{"prompt": "a castle"', /^the request is not JSON: /, jsonHint, { sqlstate: '22P02' }],
    [
      '["a"]',
      'the request must be a JSON object, not ["a"]',
      "Write json_build_object('prompt', '…')::text.",
    ],
    [
      { prompt: undefined },
      'the request has no prompt',
      "Add it: json_build_object('prompt', '…', …)::text.",
    ],
    [{ prompt: null }, 'the request has no prompt', "Add it: json_build_object('prompt', '…', …)::text."],
    [{ prompt: '' }, 'prompt must be a text that is not empty, not ""', emptyHint('prompt')],
    [{ prompt: ' \n' }, 'prompt must be a text that is not empty, not " \\n"', emptyHint('prompt')],
    [{ prompt: 42 }, 'prompt must be a text, not 42', 'Write prompt as one text in quotes.'],
    [{ prompt: ['a'] }, 'prompt must be a text, not ["a"]', 'Write prompt as one text in quotes.'],
    [
      { promt: 'b' },
      'unknown field "promt" in a text-to-image request',
      'Known here: prompt, negative_prompt, parameters, output_dir, name, label.',
    ],
    [
      { size: '1024*1024' },
      'size stands beside the prompt; it belongs into parameters',
      "Write 'parameters', json_build_object('size', …).",
    ],
    [
      { parameters: 'n=1' },
      'parameters must be an object, not "n=1"',
      "Write 'parameters', json_build_object(…).",
    ],
    [
      parameters({ style: 'oil' }),
      'unknown field "style" in parameters of qwen-image-2.0-pro',
      imageParameters,
    ],
    [
      parameters({ duration: 5 }),
      'unknown field "duration" in parameters of qwen-image-2.0-pro',
      imageParameters,
    ],
    [
      { negative_prompt: '' },
      'negative_prompt must be a text that is not empty, not ""',
      "Leave it out, or make it NULL with nullif(…, '').",
    ],
    [
      { negative_prompt: 5 },
      'negative_prompt must be a text, not 5',
      'Write negative_prompt as one text in quotes.',
    ],
    ...[0, 7, 1.5, true].map((n): Refusals['rows'][number] => [
      parameters({ n }),
      `parameters.n must be a whole number from 1 to 6, not ${n}`,
      rangeHint('parameters.n', '1 to 6'),
    ]),
    [parameters({ n: '2' }), 'parameters.n must be a whole number from 1 to 6, not "2"', unquoted('2')],
    [
      parameters({ n: 2 }),
      'parameters.n must be 1 for qwen-image-max, not 2',
      severalPictures,
      { model: 'qwen_image_max' },
    ],
    [
      parameters({ n: 5 }),
      'parameters.n must be a whole number from 1 to 4, not 5',
      rangeHint('parameters.n', '1 to 4'),
      { model: 'wan26_t2i' },
    ],
    ...[-1, 2147483648, 0.5].map((seed): Refusals['rows'][number] => [
      parameters({ seed }),
      `parameters.seed must be a whole number from 0 to 2147483647, not ${seed}`,
      rangeHint('parameters.seed', '0 to 2147483647'),
    ]),
    [
      parameters({ seed: '7' }),
      'parameters.seed must be a whole number from 0 to 2147483647, not "7"',
      unquoted('7'),
    ],
    ...['16:9', '720P', '1024', '', 1024].map((size): Refusals['rows'][number] => [
      parameters({ size }),
      `parameters.size must be width*height, such as '2048*2048', not ${JSON.stringify(size)}`,
      freeSizes,
    ]),
    ...['100*100', '4096*4096'].map((size): Refusals['rows'][number] => [
      parameters({ size }),
      `parameters.size must be a size of 512*512 to 2048*2048 pixels in all, not "${size}"`,
      freeSizes,
    ]),
    [
      parameters({ size: '1024*1024' }),
      `parameters.size must be one of ${fiveSizes}, not "1024*1024"`,
      `Sizes of qwen-image: ${fiveSizes}.`,
      { model: 'qwen_image' },
    ],
    [
      parameters({ size: '600*2700' }),
      'parameters.size must be a size of 1280*1280 to 1440*1440 pixels in all, ratio 1:4 to 4:1, not "600*2700"',
      /^Sizes of wan2\.6-t2i: .*960\*1696/,
      { model: 'wan26_t2i' },
    ],
    [
      parameters({ resolution: '720P' }),
      'qwen-image-2.0-pro takes no parameters.resolution, which is "720P"',
      "Use parameters.size, e.g. '2048*2048'.",
    ],
    [
      parameters({ ratio: '16:9' }),
      'qwen-image-2.0-pro takes no parameters.ratio, which is "16:9"',
      "Use parameters.size, e.g. '2048*2048'.",
    ],
    [
      parameters({ watermark: 'no' }),
      'parameters.watermark must be true or false, not "no"',
      truthHint('parameters.watermark'),
    ],
    [
      parameters({ prompt_extend: 0 }),
      'parameters.prompt_extend must be true or false, not 0',
      truthHint('parameters.prompt_extend'),
    ],
    [
      { img_url: golden },
      'model type qwen-image-2.0-pro does text-to-image and takes no img_url',
      'img_url belongs to first-frame (model type wan2.6-i2v, wan2.6-i2v-flash, wan2.5-i2v-preview, wan2.2-i2v-flash, wan2.2-i2v-plus).',
    ],
    [
      { reference_urls: [golden] },
      'model type qwen-image-max makes pictures from text only, and the request has reference_urls',
      `For image-edit use a model of type ${editingTypes}.`,
      { model: 'qwen_image_max' },
    ],
    [
      { output_dir: 's3://bucket/' },
      'output_dir is not an OSS path: "s3://bucket/"; it must start with oss:// and a bucket',
      pathHint,
    ],
    [
      { output_dir: 'oss://bucket/../secret/' },
      /^output_dir is not an OSS path: .*; the segments "\." and "\.\." are not allowed$/,
      pathHint,
    ],
    [{ output_dir: 7 }, 'output_dir must be a text, not 7', 'Write output_dir as one text in quotes.'],
    [
      { output_dir: 'oss://bucket/out/castle.png' },
      'output_dir must be a directory, not "oss://bucket/out/castle.png"',
      'Write oss://bucket/out/; the file is named after the request id.',
    ],
    [
      { output_dir: 'oss://bucket/out/' },
      'the request uses output_dir, but no FILE gives access to OSS',
      fileHint,
      { file: null },
    ],
    [
      { output_dir: 'oss://no-such-bucket/out/' },
      'cannot write to oss://no-such-bucket/out/: there is no such bucket',
      "Check the bucket's name; a bucket of another region needs that region's endpoint.",
      { sqlstate: '58P01' },
    ],
    [
      {},
      'external model "no_such_model" does not exist',
      /^Deployed: .*qwen_image_2_pro/,
      {
        sqlstate: '42704',
        model: 'no_such_model',
      },
    ],
  ],
};

export const imageEdit: Refusals = {
  scenario: 'image-edit',
  model: 'qwen_image_edit',
  good: { prompt: 'make it night', reference_urls: [golden] },
  rows: [
    [
      { reference_urls: undefined },
      'the request has no reference_urls, which model type qwen-image-edit-plus needs',
      "Add 'reference_urls', ARRAY['oss://bucket/path/file.png'].",
    ],
    [
      { reference_urls: [] },
      'reference_urls is an empty array',
      "Write ARRAY['oss://bucket/path/file.png'].",
    ],
    [
      { reference_urls: [] },
      'reference_urls is an empty array',
      "Write ARRAY['oss://bucket/path/file.png']. Leave reference_urls out for a picture from the text alone.",
      { model: 'qwen_image_2_pro' },
    ],
    ...[golden, [1], [null]].map((paths): Refusals['rows'][number] => [
      { reference_urls: paths },
      `reference_urls must be an array of texts, not ${JSON.stringify(paths)}`,
      "Write ARRAY['oss://bucket/path/file.png', …].",
    ]),
    ...[
      '',
      'https://example.com/a.png',
      'http://169.254.169.254/latest',
      'volume://v/a.png',
      '/etc/passwd',
    ].map((path): Refusals['rows'][number] => [
      { reference_urls: [path] },
      `reference_urls[1] is not an OSS path: "${path}"; it must start with oss:// and a bucket`,
      pathHint,
    ]),
    [
      { reference_urls: ['oss://xx/a.png'] },
      'reference_urls[1] is not an OSS path: "oss://xx/a.png"; a bucket has 3 to 63 lower-case letters, digits and inner hyphens',
      pathHint,
    ],
    ...['oss://bucket/path/', 'oss://bucket'].map((path): Refusals['rows'][number] => [
      { reference_urls: [path] },
      `reference_urls[1] must be the path of one object, not "${path}"`,
      'Name the file: oss://bucket/path/file.png.',
    ]),
    ...['oss://bucket/path/none.png', 'oss://no-such-bucket/a.png'].map((path): Refusals['rows'][number] => [
      { reference_urls: [path] },
      missingObject(path),
      missingHint,
      { sqlstate: '58P01' },
    ]),
    ...['oss://bucket/path/notes.txt', music].map((path): Refusals['rows'][number] => [
      { reference_urls: [path] },
      `reference_urls[1] must be a picture (JPEG, PNG, BMP, WEBP), not "${path}"`,
      'The ending of its name tells what an object is.',
    ]),
    [
      { reference_urls: ['oss://bucket/path/huge.png'] },
      'reference_urls[1] is too large: oss://bucket/path/huge.png has 10.0 MiB',
      'The provider takes at most 10 MiB.',
    ],
    [
      { reference_urls: ['oss://bucket/path/empty.png'] },
      'reference_urls[1] is empty: oss://bucket/path/empty.png has no bytes',
      'Upload the file again.',
    ],
    [{}, 'the request uses reference_urls[1], but no FILE gives access to OSS', fileHint, { file: null }],
    [
      parameters({ size: '256*2048' }),
      'parameters.size must be a size of 512*512 to 2048*2048 pixels in all, each side 512 to 2048, not "256*2048"',
      /^Sizes of qwen-image-edit-plus: .*1024\*1024/,
    ],
    [
      parameters({ size: '1024*1024' }),
      'qwen-image-edit takes no parameters.size, which is "1024*1024"',
      'The result has the size of the picture; qwen-image-edit-plus and qwen-image-edit-max take a size.',
      { model: 'test_qwen_image_edit' },
    ],
    [
      parameters({ prompt_extend: true }),
      'unknown field "prompt_extend" in parameters of qwen-image-edit',
      'Known here: n, watermark, seed, negative_prompt.',
      { model: 'test_qwen_image_edit' },
    ],
    [
      parameters({ n: 2 }),
      'parameters.n must be 1 for qwen-image-edit, not 2',
      severalPictures,
      { model: 'test_qwen_image_edit' },
    ],
  ],
};

export const multiImageFusion: Refusals = {
  scenario: 'multi-image-fusion',
  model: 'qwen_image_2_pro',
  good: { prompt: 'both', reference_urls: [golden, stone] },
  rows: [
    [
      { reference_urls: [golden, stone, golden, stone] },
      'reference_urls has 4 paths; qwen-image-2.0-pro takes 1 to 3',
      'Leave out 1 of them.',
    ],
    [
      { reference_urls: [golden, stone, golden, stone] },
      'reference_urls has 4 paths; qwen-image-edit takes 1 to 3',
      'Leave out 1 of them.',
      { model: 'test_qwen_image_edit' },
    ],
    [
      { reference_urls: [golden, 'oss://bucket/path/none.png'] },
      missingObject('oss://bucket/path/none.png'),
      missingHint,
      { sqlstate: '58P01' },
    ],
    [
      { reference_urls: [golden, 'oss://bucket/path/notes.txt'] },
      'reference_urls[2] must be a picture (JPEG, PNG, BMP, WEBP), not "oss://bucket/path/notes.txt"',
      'The ending of its name tells what an object is.',
    ],
    [
      { audio_url: music },
      'model type qwen-image-2.0-pro does multi-image-fusion and takes no audio_url',
      /^audio_url belongs to text-to-video \(model type wan2\.6-t2v, .*\) or first-frame /,
    ],
  ],
};
