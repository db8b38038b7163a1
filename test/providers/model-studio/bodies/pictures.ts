/**
 * Pictures: text-to-image, editing, fusion. From the API pages of Qwen-Image and wan2.6-t2i; the defaults are those of hologen,
 * which sends each one, because the provider's own differ from page to page and from model to model (wan2.6-t2i makes four).
 */
import { type BodyRow, golden, stone } from './row.js';

const multimodal = '/api/v1/services/aigc/multimodal-generation/generation';

export const textToImage: BodyRow[] = [
  {
    what: 'defaults',
    scenario: 'text-to-image',
    modelTypes: [
      'qwen-image-2.0-pro',
      'qwen-image-2.0-pro-2026-03-03',
      'qwen-image-2.0-pro-2026-04-22',
      'qwen-image-2.0',
      'qwen-image-2.0-2026-03-03',
    ],
    request: { prompt: 'a lighthouse' },
    path: multimodal,
    mode: 'sync',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: { size: '2048*2048', n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'everything given, the size with an x',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-2.0-pro', 'qwen-image-2.0'],
    request: {
      prompt: 'a lighthouse',
      negative_prompt: 'fog',
      parameters: { n: 6, size: '2688x1536', watermark: true, prompt_extend: false, seed: 2147483647 },
    },
    path: multimodal,
    mode: 'sync',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: {
        negative_prompt: 'fog',
        size: '2688*1536',
        n: 6,
        prompt_extend: false,
        watermark: true,
        seed: 2147483647,
      },
    },
  },
  {
    what: 'negative_prompt where the provider has it, SQL NULLs left out, smallest size',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-2.0-pro'],
    request: {
      prompt: 'a lighthouse',
      negative_prompt: null,
      output_dir: null,
      parameters: { n: null, size: '512*512', seed: 0, negative_prompt: 'fog', watermark: null },
    },
    path: multimodal,
    mode: 'sync',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: {
        negative_prompt: 'fog',
        size: '512*512',
        n: 1,
        prompt_extend: true,
        watermark: false,
        seed: 0,
      },
    },
  },
  {
    what: 'defaults of the types with five sizes',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-max', 'qwen-image-max-2025-12-30', 'qwen-image-plus-2026-01-09'],
    request: { prompt: '灯塔 "two" \\ lines\nhere' },
    path: multimodal,
    mode: 'sync',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: '灯塔 "two" \\ lines\nhere' }] }] },
      parameters: { size: '1664*928', n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'one of the five sizes',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-max'],
    request: { prompt: 'a lighthouse', parameters: { n: 1, size: '928X1664', seed: 7 } },
    path: multimodal,
    mode: 'sync',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: { size: '928*1664', n: 1, prompt_extend: true, watermark: false, seed: 7 },
    },
  },
  {
    what: 'defaults of the asynchronous form, whose prompt is a field',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-plus', 'qwen-image'],
    request: { prompt: '灯塔 "two" \\ lines\nhere' },
    path: '/api/v1/services/aigc/text2image/image-synthesis',
    mode: 'async',
    body: {
      input: { prompt: '灯塔 "two" \\ lines\nhere' },
      parameters: { size: '1664*928', n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'the asynchronous form with everything given',
    scenario: 'text-to-image',
    modelTypes: ['qwen-image-plus', 'qwen-image'],
    request: {
      prompt: 'a lighthouse',
      negative_prompt: 'fog',
      parameters: { n: 1, size: '928X1664', seed: 7, watermark: true, prompt_extend: false },
    },
    path: '/api/v1/services/aigc/text2image/image-synthesis',
    mode: 'async',
    body: {
      input: { prompt: 'a lighthouse', negative_prompt: 'fog' },
      parameters: { size: '928*1664', n: 1, prompt_extend: false, watermark: true, seed: 7 },
    },
  },
  {
    what: 'one picture, not the four that the provider makes by itself',
    scenario: 'text-to-image',
    modelTypes: ['wan2.6-t2i'],
    request: { prompt: 'a lighthouse' },
    path: '/api/v1/services/aigc/image-generation/generation',
    mode: 'async',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: { size: '1280*1280', n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'a size that the provider advises below its own least area',
    scenario: 'text-to-image',
    modelTypes: ['wan2.6-t2i'],
    request: {
      prompt: 'a lighthouse',
      negative_prompt: 'fog',
      parameters: { n: 4, size: '960*1696', seed: 5, watermark: true, prompt_extend: false },
    },
    path: '/api/v1/services/aigc/image-generation/generation',
    mode: 'async',
    body: {
      input: { messages: [{ role: 'user', content: [{ text: 'a lighthouse' }] }] },
      parameters: {
        negative_prompt: 'fog',
        size: '960*1696',
        n: 4,
        prompt_extend: false,
        watermark: true,
        seed: 5,
      },
    },
  },
];

export const imageEdit: BodyRow[] = [
  {
    what: 'no size: the result follows the picture',
    scenario: 'image-edit',
    modelTypes: [
      'qwen-image-2.0-pro',
      'qwen-image-2.0',
      'qwen-image-edit-plus',
      'qwen-image-edit-plus-2025-12-15',
      'qwen-image-edit-max',
      'qwen-image-edit-max-2026-01-16',
    ],
    request: { prompt: 'make it night', reference_urls: [golden] },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [{ role: 'user', content: [{ image: `signed:${golden}` }, { text: 'make it night' }] }],
      },
      parameters: { n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'the documented two pictures of a size',
    scenario: 'image-edit',
    modelTypes: ['qwen-image-2.0-pro', 'qwen-image-edit-plus', 'qwen-image-edit-max'],
    request: {
      prompt: 'make it night',
      reference_urls: [golden],
      parameters: { n: 2, size: '1024*1024', watermark: false },
    },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [{ role: 'user', content: [{ image: `signed:${golden}` }, { text: 'make it night' }] }],
      },
      parameters: { size: '1024*1024', n: 2, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'neither size nor prompt_extend, which the type does not take',
    scenario: 'image-edit',
    modelTypes: ['qwen-image-edit'],
    request: {
      prompt: 'make it night',
      negative_prompt: 'stars',
      reference_urls: [golden],
      parameters: { n: 1, watermark: true, seed: 9 },
    },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [{ role: 'user', content: [{ image: `signed:${golden}` }, { text: 'make it night' }] }],
      },
      parameters: { negative_prompt: 'stars', n: 1, watermark: true, seed: 9 },
    },
  },
];

export const multiImageFusion: BodyRow[] = [
  {
    what: 'two pictures, and neither a size nor an extended prompt',
    scenario: 'multi-image-fusion',
    modelTypes: ['qwen-image-edit'],
    request: { prompt: 'both of them', reference_urls: [stone, golden] },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [
          {
            role: 'user',
            content: [{ image: `signed:${stone}` }, { image: `signed:${golden}` }, { text: 'both of them' }],
          },
        ],
      },
      parameters: { n: 1, watermark: false },
    },
  },
  {
    what: 'two pictures in the order of the request',
    scenario: 'multi-image-fusion',
    modelTypes: ['qwen-image-2.0-pro', 'qwen-image-2.0', 'qwen-image-edit-plus', 'qwen-image-edit-max'],
    request: {
      prompt: 'both of them',
      reference_urls: [stone, golden],
      parameters: { n: 1, size: '1024*1024', watermark: false },
    },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [
          {
            role: 'user',
            content: [{ image: `signed:${stone}` }, { image: `signed:${golden}` }, { text: 'both of them' }],
          },
        ],
      },
      parameters: { size: '1024*1024', n: 1, prompt_extend: true, watermark: false },
    },
  },
  {
    what: 'three pictures, one of them twice, no size',
    scenario: 'multi-image-fusion',
    modelTypes: ['qwen-image-2.0-pro'],
    request: { prompt: 'all of them', reference_urls: [golden, stone, golden] },
    path: multimodal,
    mode: 'sync',
    body: {
      input: {
        messages: [
          {
            role: 'user',
            content: [
              { image: `signed:${golden}` },
              { image: `signed:${stone}` },
              { image: `signed:${golden}` },
              { text: 'all of them' },
            ],
          },
        ],
      },
      parameters: { n: 1, prompt_extend: true, watermark: false },
    },
  },
];
