/** The session's set-up, `ai …` and `model …`. */
import { expect } from 'vitest';
import { type Answer, type Check, type Command, call, columns, done, read, refused, write } from './check.js';

const volume = { root: 'oss://demo/cli/', endpoint: 'oss-cn-hangzhou-internal.aliyuncs.com' };
const file = "to_file(%s, %s, 'acs:ram::1234567890123456:role/hologres-ai')";
const golden = 'oss://bucket/path/golden_man.png';
const stone = 'oss://bucket/path/stone_man.png';
export const film = 'oss://bucket/path/film.mp4';

/** The role is part of the text, as the client writes it; everything else is bound. */
function media(model: string | undefined, request: Record<string, unknown>): Command {
  const place = [
    JSON.stringify({ ...request, output_dir: 'oss://demo/cli/out' }),
    volume.root,
    volume.endpoint,
  ];
  return model === undefined
    ? read(`SELECT ai_gen(%s, ${file})`, ...place)
    : read(`SELECT ai_gen(%s, %s, ${file})`, model, ...place);
}

function resultOf({ rows, types, state }: Answer): Record<string, unknown> {
  expect({ types, state }).toEqual({ types: [25], state: 'IDLE' });
  return JSON.parse(String(rows?.[0]?.ai_gen));
}

const picturesSaved = (count: number) => (answer: Answer) => {
  const paths = resultOf(answer).image_oss_paths as string[];
  expect(paths).toHaveLength(count);
  for (const path of paths) expect(path).toMatch(/^oss:\/\/demo\/cli\/out\//);
};
const videoSaved = (answer: Answer) =>
  expect(resultOf(answer).output).toMatchObject({
    task_status: 'SUCCEEDED',
    video_oss_path: expect.stringMatching(/^oss:\/\/demo\/cli\/out\/.+\.mp4$/),
  });
const answersText = ({ rows, types }: Answer) => {
  expect(types).toEqual([25]);
  expect(String(rows?.[0]?.ai_gen).length).toBeGreaterThan(5);
};

export const setUp: Check[] = [
  [
    'adaptive execution',
    read('SHOW hg_experimental_enable_adaptive_execution'),
    [{ hg_experimental_enable_adaptive_execution: 'on' }],
  ],
  ['serverless', read('SHOW hg_computing_resource'), [{ hg_computing_resource: 'serverless' }]],
  ['read-only unless it writes', read('CREATE TABLE no (a int)'), refused('25006', /read-only/)],
];

export const ai: Check[] = [
  ['ai gen', read('SELECT ai_gen(%s)', '介绍下 hologres'), answersText],
  ['ai gen -m', read('SELECT ai_gen(%s, %s)', 'qwen_plus', "it's 100 %"), answersText],
  [
    'ai gen -m of an unknown model',
    read('SELECT ai_gen(%s, %s)', 'no.such', 'x'),
    refused('42704', /"no\.such"/),
  ],
  [
    'ai image-gen',
    media(undefined, {
      prompt: '一只猫',
      negative_prompt: 'blurred',
      parameters: { size: '1280*720', n: 2, prompt_extend: false, watermark: false, seed: 7 },
    }),
    picturesSaved(2),
  ],
  [
    'ai image-gen with references',
    media(undefined, { prompt: 'together', reference_urls: [golden, stone] }),
    picturesSaved(1),
  ],
  ['ai image-gen -m', media('qwen-image-2_0-pro', { prompt: 'a cat' }), picturesSaved(1)],
  [
    'ai t2v',
    media('happyhorse-1.0-t2v', {
      prompt: '日落',
      parameters: { resolution: '720P', ratio: '9:16', duration: 3, watermark: false, seed: 1 },
    }),
    videoSaved,
  ],
  [
    'ai i2v',
    media('happyhorse-1.0-i2v', { prompt: 'he walks', img_url: golden, parameters: { duration: 5 } }),
    videoSaved,
  ],
  [
    'ai r2v of the longest duration',
    media('happyhorse-1.0-r2v', {
      prompt: `${golden} meets ${stone}`,
      reference_urls: [golden, stone],
      parameters: { resolution: '720P', ratio: '16:9', duration: 15 },
    }),
    videoSaved,
  ],
  [
    'ai video-edit',
    media('happyhorse-1.0-video-edit', {
      prompt: `dress him as ${golden}`,
      video: film,
      reference_urls: [golden],
      parameters: { resolution: '720P', audio_setting: 'origin' },
    }),
    videoSaved,
  ],
  [
    'a video that failed',
    media('happyhorse-1.0-t2v', { prompt: 'x [[sandbox:fail]]' }),
    (answer) =>
      expect(resultOf(answer).output).toMatchObject({
        task_status: 'FAILED',
        code: expect.any(String),
        message: expect.any(String),
      }),
  ],
];

const server =
  'http://model-server-cn-hangzhou.api.aliyun-inc.com:8000/providers/bailian?url=https://vpc-cn-hangzhou-prd.dashscope.aliyuncs.com';
/** `model create` of each type of its models.json that makes media, and of one of each other path. */
const deployed: [task: string, path: string, types: string][] = [
  [
    'image-generation',
    '/api/v1/services/aigc/multimodal-generation/generation',
    'qwen-image-2.0-pro qwen-image-2.0-pro-2026-03-03 qwen-image-2.0 qwen-image-2.0-2026-03-03 qwen-image-max qwen-image-plus qwen-image qwen-image-edit qwen-image-edit-plus qwen-image-edit-max wan2.7-image-pro wan2.7-image',
  ],
  [
    'video-generation',
    '/api/v1/services/aigc/video-generation/video-synthesis',
    'wan2.6-t2v wan2.6-i2v wan2.6-i2v-flash wan2.6-r2v wan2.6-r2v-flash wan2.7-t2v wan2.7-i2v wan2.7-r2v wan2.7-videoedit happyhorse-1.0-t2v happyhorse-1.0-i2v happyhorse-1.0-r2v happyhorse-1.0-video-edit',
  ],
  ['video-generation', '/api/v1/services/aigc/image2video/video-synthesis', 'wan2.2-kf2v-flash'],
  ['speech-to-text', '/api/v1/services/audio/asr/transcription', 'fun-asr'],
  [
    'embedding',
    '/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding',
    'tongyi-embedding-vision-plus tongyi-embedding-vision-flash multimodal-embedding-v1 qwen3-vl-embedding',
  ],
  [
    'chat/completions',
    '/compatible-mode/v1',
    'qwen3.5-plus deepseek-v3.2 kimi-k2.5 glm-5 MiniMax-M2.5 qwen3-vl-plus siliconflow/deepseek-v3.2',
  ],
  ['translation', '/compatible-mode/v1', 'qwen-mt-plus'],
  [
    'embedding',
    '/compatible-mode/v1',
    'text-embedding-v1 text-embedding-v2 text-embedding-v3 text-embedding-v4',
  ],
];
const created = deployed.flatMap(([task, path, types]) =>
  types
    .split(' ')
    .map(
      (type): Check => [
        `model create ${type}`,
        call(
          'add_external_model',
          `cli-${type.replace('/', '-')}`,
          type,
          'bailian',
          server + path,
          'sk-0123456789abcdef',
          task,
          '{}',
        ),
        done,
      ],
    ),
);

const list = 'SELECT model_name, model_type, model_provider, task FROM list_external_models()';
export const model: Check[] = [
  [
    'the skills’ register_external_model',
    write(
      `CALL register_external_model('qwen-image-2_0-pro', 'qwen-image-2.0-pro', 'bailian', '{"api_key": "sk-0123456789abcdef"}', 'image-generation')`,
    ),
    done,
  ],
  ...created,
  [
    'model create of a name that is taken',
    created[0]?.[1] as Command,
    refused('42710', /cli-qwen-image-2\.0-pro/),
  ],
  ['model list', read(list), columns('model_name', 'model_type', 'model_provider', 'task')],
  [
    'model list by sql run',
    read(`${list} LIMIT 101`),
    columns('model_name', 'model_type', 'model_provider', 'task'),
  ],
  [
    'model list with a semicolon',
    read(`${list};`),
    columns('model_name', 'model_type', 'model_provider', 'task'),
  ],
  ['model delete', write("CALL delete_external_model('cli-qwen-image')"), done],
  [
    'model delete of none',
    write("CALL delete_external_model('cli-qwen-image')"),
    refused('42704', /cli-qwen-image/),
  ],
];
