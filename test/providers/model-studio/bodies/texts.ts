/** Text and embeddings over the OpenAI-compatible paths. */
import { rights } from '../../../calls/statements.js';
import { page } from './extras.js';
import { type BodyRow, golden, music, stone } from './row.js';

const chat = {
  task: 'chat/completions',
  scenario: 'text',
  path: '/compatible-mode/v1/chat/completions',
  mode: 'sync',
} as const;
const inPieces = { stream: true, stream_options: { include_usage: true } };
const embedding = {
  task: 'embedding',
  scenario: 'embedding',
  path: '/compatible-mode/v1/embeddings',
  mode: 'sync',
} as const;
const mediaEmbedding = {
  ...embedding,
  path: '/api/v1/services/embeddings/multimodal-embedding/multimodal-embedding',
} as const;
const speech = {
  task: 'speech-to-text',
  scenario: 'transcription',
  path: '/api/v1/services/audio/asr/transcription',
  mode: 'async',
} as const;
const fileSql = (path: string) => `to_file('${path}', '${rights[0]}', '${rights[1]}')`;

export const text: BodyRow[] = [
  {
    ...chat,
    what: 'plain text',
    modelTypes: ['qwen-plus', 'qwen-max'],
    request: 'Name a colour.',
    body: { messages: [{ role: 'user', content: 'Name a colour.' }] },
  },
  {
    ...chat,
    what: 'JSON without a prompt is a prompt',
    modelTypes: ['qwen-plus'],
    request: '{"city": "Hangzhou", "args": 1}',
    body: { messages: [{ role: 'user', content: '{"city": "Hangzhou", "args": 1}' }] },
  },
  {
    ...chat,
    what: 'a conversation',
    modelTypes: ['qwen-plus'],
    request: {
      messages: [
        { role: 'developer', content: 'Answer in one word.' },
        { role: 'user', content: [{ type: 'text', text: 'Name a colour.' }] },
        { role: 'assistant', content: 'Red.' },
        { role: 'user', content: 'Another.' },
      ],
      parameters: { temperature: 0.7 },
    },
    body: {
      messages: [
        { role: 'system', content: 'Answer in one word.' },
        { role: 'user', content: 'Name a colour.' },
        { role: 'assistant', content: 'Red.' },
        { role: 'user', content: 'Another.' },
      ],
      temperature: 0.7,
    },
  },
  {
    ...chat,
    what: 'messages without roles are a row, and a row is a prompt',
    modelTypes: ['qwen-plus'],
    request: '{"messages": ["hello"]}',
    body: { messages: [{ role: 'user', content: '{"messages": ["hello"]}' }] },
  },
  {
    ...chat,
    what: 'a prompt with parameters',
    modelTypes: ['qwen-plus'],
    request: { prompt: 'Name a colour.', parameters: { temperature: 0.7, max_tokens: 20, seed: 3 } },
    body: {
      messages: [{ role: 'user', content: 'Name a colour.' }],
      temperature: 0.7,
      max_tokens: 20,
      seed: 3,
    },
  },
  {
    ...chat,
    what: 'text arguments, one twice, none read as a placeholder',
    modelTypes: ['qwen-plus'],
    request: { prompt: '{1} and {0}, then {1}; {not} {a}', args: ['{1}', 2.5] },
    body: { messages: [{ role: 'user', content: '2.5 and {1}, then 2.5; {not} {a}' }] },
  },
  {
    ...chat,
    what: 'FILE arguments become parts in their places',
    modelTypes: ['qwen-vl-plus'],
    request: undefined,
    requestSql: `json_build_object('prompt', 'Compare {1} with {2} for {0}.',
      'args', json_build_array('me', ${fileSql(golden)}, ${fileSql(stone)}))::text`,
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Compare ' },
            { type: 'image_url', image_url: { url: `signed:${golden}` } },
            { type: 'text', text: ' with ' },
            { type: 'image_url', image_url: { url: `signed:${stone}` } },
            { type: 'text', text: ' for me.' },
          ],
        },
      ],
    },
  },
  {
    ...chat,
    what: 'the third argument joins a prompt without args',
    modelTypes: ['qwen-vl-plus'],
    request: 'What is this?',
    file: golden,
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `signed:${golden}` } },
            { type: 'text', text: 'What is this?' },
          ],
        },
      ],
    },
  },
  {
    ...chat,
    what: 'a sound file',
    modelTypes: ['qwen3-omni-flash'],
    request: 'What is said?',
    file: music,
    body: {
      ...inPieces,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'input_audio', input_audio: { data: `signed:${music}`, format: 'mp3' } },
            { type: 'text', text: 'What is said?' },
          ],
        },
      ],
    },
  },
  {
    ...chat,
    what: 'a PDF beside a prompt',
    modelTypes: ['qwen3.8-max', 'qwen3.8-max-0902', 'qwen3.8-flash', 'qwen3.8-27b'],
    request: 'Sum this up.',
    file: page,
    body: {
      ...inPieces,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'file', file: { file_url: `signed:${page}` } },
            { type: 'text', text: 'Sum this up.' },
          ],
        },
      ],
    },
  },
  {
    ...chat,
    what: 'a PDF and a picture in their places',
    modelTypes: ['qwen3.8-max'],
    request: undefined,
    requestSql: `json_build_object('prompt', 'Is {0} in {1}?', 'args', json_build_array(${fileSql(golden)}, ${fileSql(page)}))::text`,
    body: {
      ...inPieces,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Is ' },
            { type: 'image_url', image_url: { url: `signed:${golden}` } },
            { type: 'text', text: ' in ' },
            { type: 'file', file: { file_url: `signed:${page}` } },
            { type: 'text', text: '?' },
          ],
        },
      ],
    },
  },
  {
    ...embedding,
    what: 'a text',
    modelTypes: ['text-embedding-v4', 'text-embedding-v3'],
    request: 'a red door',
    body: { input: 'a red door' },
  },
  {
    ...embedding,
    what: 'a vector of a length asked for',
    modelTypes: ['text-embedding-v4'],
    request: { prompt: '{0} door', args: ['a red'], parameters: { dimensions: 256 } },
    body: { input: 'a red door', dimensions: 256 },
  },
  {
    ...embedding,
    what: 'a vector of the only length that there is',
    modelTypes: ['text-embedding-v1', 'text-embedding-v2'],
    request: { prompt: 'a red door', parameters: { dimensions: 1536 } },
    body: { input: 'a red door' },
  },
  {
    ...embedding,
    what: 'two texts and how near they are',
    modelTypes: ['text-embedding-v4'],
    request: { texts: ['a red door', 'a blue door'] },
    body: { input: ['a red door', 'a blue door'] },
  },
  {
    ...mediaEmbedding,
    what: 'a text for a space of pictures',
    modelTypes: ['qwen3-vl-embedding', 'tongyi-embedding-vision-plus', 'multimodal-embedding-v1'],
    request: 'a red door',
    body: { input: { contents: [{ text: 'a red door' }] }, parameters: {} },
  },
  ...[
    { modelTypes: ['tongyi-embedding-vision-plus'], dimensions: 1152, parameters: {} },
    { modelTypes: ['tongyi-embedding-vision-flash'], dimensions: 768, parameters: {} },
    { modelTypes: ['multimodal-embedding-v1'], dimensions: 1024, parameters: {} },
    {
      modelTypes: ['tongyi-embedding-vision-plus-2026-03-06'],
      dimensions: 1152,
      parameters: { dimension: 1152 },
    },
  ].map(({ modelTypes, dimensions, parameters }) => ({
    ...{ ...mediaEmbedding, modelTypes },
    what: `a vector for a space of pictures, of length ${dimensions}`,
    request: { prompt: 'a red door', parameters: { dimensions } },
    body: { input: { contents: [{ text: 'a red door' }] }, parameters },
  })),
  {
    ...mediaEmbedding,
    what: 'a picture and a text as one vector',
    modelTypes: ['qwen3-vl-embedding'],
    request: { prompt: 'a golden man', parameters: { dimensions: 512 } },
    file: golden,
    body: {
      input: { contents: [{ image: `signed:${golden}` }, { text: 'a golden man' }] },
      parameters: { dimension: 512, enable_fusion: true },
    },
  },
  {
    ...speech,
    what: 'a sound file',
    modelTypes: ['fun-asr', 'paraformer-v2'],
    request: '{}',
    file: music,
    body: { input: { file_urls: [`signed:${music}`] }, parameters: {} },
  },
  {
    ...speech,
    what: 'speakers told apart',
    modelTypes: ['fun-asr'],
    request: { timestamp_granularity: 'speaker', speaker_count: 2, language_hints: ['zh', 'en'] },
    file: music,
    body: {
      input: { file_urls: [`signed:${music}`] },
      parameters: { diarization_enabled: true, speaker_count: 2, language_hints: ['zh', 'en'] },
    },
  },
];
