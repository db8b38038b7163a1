/**
 * Chat and vision models of Model Studio: requests a second and CNY per million tokens, from the provider's model list of spring 2026
 * (modelstudioai/skills, models/groups) and its pages of prices and limits. Other names are called too; a dated one that is not here has the price
 * of its plain name.
 */
import type { ModelType, Price, TokenTier } from './model-type.js';

type TokenPrice = Extract<Price, { per: 'token' }>;

/** Up to so many thousand (1024) tokens of input, or `all`; CNY per million of input, of output; what else differs. */
type Row = [
  upToThousands: number | 'all',
  input: number,
  output: number,
  others?: Omit<TokenTier, 'upTo' | 'input' | 'output'>,
];
const all = 'all';

/** What is dated is for comparing: 60 requests a minute, whatever its plain name has. https://help.aliyun.com/zh/model-studio/rate-limit */
const snapshotSubmitsPerSecond = 1;

/** Text types are too many to list and share one API: any name deployed for the task is sent as it is. */
export const chatType: ModelType = {
  task: 'chat/completions',
  source: 'qwen-api-via-openai-chat-completions',
  scenarios: ['text'],
  path: '/chat/completions',
  mode: 'sync',
  switches: [],
  submitsPerSecond: 10,
  concurrentTasks: null,
  price: { per: 'token', currency: 'CNY', tiers: [] },
};

function text(submitsPerSecond: number, ...rows: Row[]): ModelType {
  const price: TokenPrice = { per: 'token', currency: 'CNY', tiers: rows.map(tier) };
  return {
    ...chatType,
    submitsPerSecond,
    reads: [],
    price,
    dated: { submitsPerSecond: Math.min(submitsPerSecond, snapshotSubmitsPerSecond) },
  };
}

function seeing(submitsPerSecond: number, ...rows: Row[]): ModelType {
  return { ...text(submitsPerSecond, ...rows), reads: ['picture', 'video'] };
}

function hearing(submitsPerSecond: number, ...rows: Row[]): ModelType {
  return { ...text(submitsPerSecond, ...rows), reads: ['picture', 'video', 'sound'] };
}

/** Its price in CNY is not known here: a config tells it. */
function readingPdf(): ModelType {
  return { ...chatType, source: 'pdf-understanding', reads: ['picture', 'video', 'document'] };
}

function tier([upTo, input, output, others]: Row): TokenTier {
  return { ...(upTo !== all && { upTo: upTo * 1024 }), input, output, ...others };
}

// biome-ignore format: a price list is read by lines
export const chatTypes: Record<string, ModelType> = {
  'MiniMax-M2.1': text(1, [all, 2.1, 8.4, { cached: 0.42 }]),
  'MiniMax-M2.5': text(8.333, [all, 2.1, 8.4, { cached: 0.42 }]),
  'MiniMax/MiniMax-M2.1': text(8.333, [all, 2.1, 8.4, { cached: 0.21 }]),
  'MiniMax/MiniMax-M2.5': text(8.333, [all, 2.1, 8.4, { cached: 0.21 }]),
  'MiniMax/MiniMax-M2.7': text(8.333, [all, 2.1, 8.4, { cached: 0.42 }]),
  'Moonshot-Kimi-K2-Instruct': text(8.333, [all, 4, 16, { cached: 0.8 }]),
  'ZHIPU/GLM-5': text(3.333, [all, 6, 22, { cached: 1.5 }]),
  'ZHIPU/GLM-5.1': text(3.333, [all, 8, 28, { cached: 2 }]),
  'deepseek-r1': text(250, [all, 4, 16, { cached: 0.8 }]),
  'deepseek-r1-0528': text(1, [all, 4, 16]),
  'deepseek-r1-distill-qwen-14b': text(250, [all, 1, 3]),
  'deepseek-r1-distill-qwen-32b': text(250, [all, 2, 6]),
  'deepseek-r1-distill-qwen-7b': text(250, [all, 0.5, 1]),
  'deepseek-v3': text(250, [all, 2, 8, { cached: 0.4 }]),
  'deepseek-v3.1': text(250, [all, 4, 12, { cached: 0.8 }]),
  'deepseek-v3.2': text(250, [all, 2, 3, { cached: 0.4 }]),
  'deepseek-v3.2-exp': text(250, [all, 2, 3]),
  'deepseek-v4-flash': text(250, [all, 1, 2, { cached: 0.2 }]),
  'deepseek-v4-pro': text(250, [all, 12, 24, { cached: 1 }]),
  'farui-plus': text(4, [all, 20, 20]),
  'glm-4.5': text(1, [32, 3, 14], [128, 4, 16]),
  'glm-4.5-air': text(1, [32, 0.8, 6], [128, 1.2, 8]),
  'glm-4.6': text(1, [32, 3, 14, { cached: 0.6 }], [200, 4, 16, { cached: 0.8 }]),
  'glm-4.7': text(8.333, [32, 3, 14, { cached: 0.6 }], [200, 4, 16, { cached: 0.8 }]),
  'glm-5': text(8.333, [32, 4, 18, { cached: 0.8 }], [200, 6, 22, { cached: 1.2 }]),
  'glm-5.1': text(8.333, [32, 6, 24, { cached: 1.2 }], [200, 8, 28, { cached: 1.6 }]),
  'gui-plus': seeing(1.333, [all, 1.5, 4.5]),
  'kimi-k2-thinking': text(8.333, [all, 4, 16, { cached: 0.8 }]),
  'kimi-k2.5': seeing(8.333, [all, 4, 21, { cached: 0.8 }]),
  'kimi-k2.6': seeing(8.333, [all, 6.5, 27, { cached: 1.3 }]),
  'kimi/kimi-k2.5': seeing(8.333, [all, 4, 21, { cached: 0.7 }]),
  'kimi/kimi-k2.6': seeing(8.333, [all, 6.5, 27, { cached: 1.1 }]),
  'qvq-max': seeing(1, [all, 8, 32]),
  'qvq-plus': seeing(1, [all, 2, 5]),
  'qwen-coder-plus': text(20, [all, 3.5, 7]),
  'qwen-coder-turbo': text(20, [all, 2, 6]),
  'qwen-doc-turbo': text(10, [all, 0.6, 1, { cached: 0.12 }]),
  'qwen-flash': text(500, [128, 0.15, 1.5, { cached: 0.03 }], [256, 0.6, 6, { cached: 0.12 }], [1024, 1.2, 12, { cached: 0.24 }]),
  'qwen-flash-us': text(10, [256, 0.367, 2.936], [1024, 1.835, 14.678]),
  'qwen-flash-character': text(2, [all, 0.25, 1.5, { cached: 0.05 }]),
  'qwen-long': text(20, [all, 0.5, 2]),
  'qwen-math-plus': text(20, [all, 4, 12]),
  'qwen-math-plus-0816': text(0.167, [all, 4, 12]),
  'qwen-math-plus-0919': text(1, [all, 4, 12]),
  'qwen-math-turbo': text(20, [all, 2, 6]),
  'qwen-max': text(20, [all, 2.4, 9.6, { cached: 0.48 }]),
  'qwen-max-2024-04-28': text(1, [all, 40, 120]),
  'qwen-max-2024-09-19': text(1, [all, 20, 60]),
  'qwen-omni-turbo': hearing(1, [all, 0.4, 1.6, { cached: 0.08, sound: 25, picture: 1.5, mixed: 4.5 }]),
  'qwen-omni-turbo-latest': hearing(1, [all, 0.4, 1.6, { sound: 25, picture: 1.5, mixed: 4.5 }]),
  'qwen-plus': text(500, [128, 0.8, 2, { cached: 0.16, thinking: 8 }], [256, 2.4, 20, { cached: 0.48, thinking: 24 }], [1024, 4.8, 48, { cached: 0.96, thinking: 64 }]),
  'qwen-plus-0112': text(1, [all, 0.8, 2]),
  'qwen-plus-1220': text(1, [all, 0.8, 2]),
  'qwen-plus-2025-01-25': text(1, [all, 0.8, 2]),
  'qwen-plus-2025-04-28': text(1, [all, 0.8, 2, { thinking: 8 }]),
  'qwen-plus-2025-07-14': text(1, [all, 0.8, 2, { thinking: 8 }]),
  'qwen-plus-2025-12-01': text(2, [128, 0.8, 2, { thinking: 8 }], [256, 2.4, 20, { thinking: 24 }], [1024, 4.8, 48, { thinking: 64 }]),
  'qwen-plus-character': text(2, [all, 0.8, 2, { cached: 0.16 }]),
  'qwen-plus-latest': text(250, [128, 0.8, 2, { thinking: 8 }], [256, 2.4, 20, { thinking: 24 }], [1024, 4.8, 48, { thinking: 64 }]),
  'qwen-plus-us': text(10, [256, 2.936, 8.807, { thinking: 29.357 }], [1024, 8.807, 26.421, { thinking: 88.071 }]),
  'qwen-turbo': text(20, [all, 0.3, 0.6, { cached: 0.06, thinking: 3 }]),
  'qwen-turbo-2025-02-11': text(1, [all, 0.3, 0.6]),
  'qwen-vl-max': seeing(20, [all, 1.6, 4, { cached: 0.32 }]),
  'qwen-vl-max-2024-11-19': seeing(1, [all, 3, 9]),
  'qwen-vl-max-2024-12-30': seeing(1, [all, 3, 9]),
  'qwen-vl-max-2025-01-25': seeing(1, [all, 3, 9]),
  'qwen-vl-max-2025-04-02': seeing(1, [all, 3, 9]),
  'qwen-vl-max-2025-04-08': seeing(1, [all, 3, 9]),
  'qwen-vl-ocr': seeing(10, [all, 0.3, 0.5]),
  'qwen-vl-ocr-1028': seeing(10, [all, 5, 5]),
  'qwen-vl-ocr-2024-10-28': seeing(10, [all, 5, 5]),
  'qwen-vl-ocr-2025-04-13': seeing(10, [all, 5, 5]),
  'qwen-vl-ocr-2025-08-28': seeing(10, [all, 5, 5]),
  'qwen-vl-ocr-2025-11-20': seeing(20, [all, 0.3, 0.5]),
  'qwen-vl-ocr-latest': seeing(20, [all, 0.3, 0.5]),
  'qwen-vl-plus': seeing(20, [all, 0.8, 2, { cached: 0.16 }]),
  'qwen-vl-plus-2025-01-02': seeing(1, [all, 1.5, 4.5]),
  'qwen-vl-plus-2025-01-25': seeing(1, [all, 1.5, 4.5]),
  'qwen-vl-plus-2025-05-07': seeing(1, [all, 1.5, 4.5]),
  'qwen-vl-plus-2025-07-10': seeing(1, [all, 0.15, 1.5]),
  'qwen-vl-plus-latest': seeing(20, [all, 0.8, 2]),
  'qwen2.5-omni-7b': hearing(1, [all, 0.6, 2.4, { sound: 38, picture: 2, mixed: 6 }]),
  'qwen3-14b': text(10, [all, 1, 4, { thinking: 10 }]),
  'qwen3-235b-a22b': text(10, [all, 2, 8, { thinking: 20 }]),
  'qwen3-235b-a22b-instruct-2507': text(10, [all, 2, 8]),
  'qwen3-235b-a22b-thinking-2507': text(10, [all, 2, 20]),
  'qwen3-30b-a3b': text(10, [all, 0.75, 3, { thinking: 7.5 }]),
  'qwen3-30b-a3b-instruct-2507': text(10, [all, 0.75, 3]),
  'qwen3-30b-a3b-thinking-2507': text(10, [all, 0.75, 7.5]),
  'qwen3-32b': text(40, [all, 2, 8, { thinking: 20 }]),
  'qwen3-8b': text(10, [all, 0.5, 2, { thinking: 5 }]),
  'qwen3-coder-30b-a3b-instruct': text(10, [32, 1.5, 6], [128, 2.25, 9], [256, 3.75, 15], [1024, 7.5, 37.5]),
  'qwen3-coder-480b-a35b-instruct': text(10, [32, 6, 24], [128, 9, 36], [256, 15, 60]),
  'qwen3-coder-flash': text(83.333, [32, 1, 4, { cached: 0.2 }], [128, 1.5, 6, { cached: 0.3 }], [256, 2.5, 10, { cached: 0.5 }], [1024, 5, 25, { cached: 1 }]),
  'qwen3-coder-next': text(10, [32, 1, 4], [128, 1.5, 6], [256, 2.5, 10]),
  'qwen3-coder-plus': text(83.333, [32, 4, 16, { cached: 0.8 }], [128, 6, 24, { cached: 1.2 }], [256, 10, 40, { cached: 2 }], [1024, 20, 200, { cached: 4 }]),
  'qwen3-max': text(500, [32, 2.5, 10, { cached: 0.5 }], [128, 4, 16, { cached: 0.8 }], [256, 7, 28, { cached: 1.4 }]),
  'qwen3-max-2025-09-23': text(1, [32, 6, 24], [128, 10, 40], [256, 15, 60]),
  'qwen3-max-2026-01-23': text(10, [32, 2.5, 10], [128, 4, 16], [256, 7, 28]),
  'qwen3-max-preview': text(10, [32, 6, 24, { cached: 1.2 }], [128, 10, 40, { cached: 2 }], [256, 15, 60, { cached: 3 }]),
  'qwen3-next-80b-a3b-instruct': text(10, [all, 1, 4]),
  'qwen3-next-80b-a3b-thinking': text(10, [all, 1, 10]),
  'qwen3-omni-flash': hearing(1, [all, 1.8, 6.9, { sound: 15.8, picture: 3.3, mixed: 12.7 }]),
  'qwen3-vl-235b-a22b-instruct': seeing(1, [all, 2, 8]),
  'qwen3-vl-235b-a22b-thinking': seeing(1, [all, 2, 20]),
  'qwen3-vl-30b-a3b-instruct': seeing(10, [all, 0.75, 3]),
  'qwen3-vl-30b-a3b-thinking': seeing(10, [all, 0.75, 7.5]),
  'qwen3-vl-32b-instruct': seeing(10, [all, 2, 8]),
  'qwen3-vl-32b-thinking': seeing(10, [all, 2, 20]),
  'qwen3-vl-8b-instruct': seeing(10, [all, 0.5, 2]),
  'qwen3-vl-8b-thinking': seeing(10, [all, 0.5, 5]),
  'qwen3-vl-flash': seeing(50, [32, 0.15, 1.5, { cached: 0.03 }], [128, 0.3, 3, { cached: 0.06 }], [256, 0.6, 6, { cached: 0.12 }]),
  'qwen3-vl-flash-us': seeing(20, [32, 0.367, 2.936], [128, 0.55, 4.404], [256, 0.881, 7.046]),
  'qwen3-vl-plus': seeing(50, [32, 1, 10, { cached: 0.2 }], [128, 1.5, 15, { cached: 0.3 }], [256, 3, 30, { cached: 0.6 }]),
  'qwen3.5-122b-a10b': seeing(10, [128, 0.8, 6.4], [256, 2, 16]),
  'qwen3.5-27b': seeing(10, [128, 0.6, 4.8], [256, 1.8, 14.4]),
  'qwen3.5-35b-a3b': seeing(10, [128, 0.4, 3.2], [256, 1.6, 12.8]),
  'qwen3.5-397b-a17b': seeing(10, [128, 1.2, 7.2], [256, 3, 18]),
  'qwen3.5-flash': seeing(500, [128, 0.2, 2], [256, 0.8, 8], [1024, 1.2, 12]),
  'qwen3.5-omni-flash': hearing(1, [all, 2.2, 13.3, { sound: 18 }]),
  'qwen3.5-omni-plus': hearing(1, [all, 7, 40, { sound: 53 }]),
  'qwen3.5-plus': seeing(500, [128, 0.8, 4.8], [256, 2, 12], [1024, 4, 24]),
  'qwen3.6-27b': seeing(1, [all, 3, 18]),
  'qwen3.6-35b-a3b': seeing(10, [all, 1.8, 10.8]),
  'qwen3.6-flash': seeing(500, [256, 1.2, 7.2], [1024, 4.8, 28.8]),
  'qwen3.6-max-preview': text(10, [128, 9, 54], [256, 15, 90]),
  'qwen3.6-plus': seeing(500, [256, 2, 12], [1024, 8, 48]),
  'qwen3.7-max': text(500, [all, 12, 36, { cached: 2.4 }]),
  'qwen3.7-max-preview': text(1, [all, 12, 36]),
  'qwen3.8-27b': readingPdf(),
  'qwen3.8-flash': readingPdf(),
  'qwen3.8-max': readingPdf(),
  'qwen3.8-max-0902': readingPdf(),
  'qwq-plus': text(10, [all, 1.6, 4]),
  'siliconflow/deepseek-r1-0528': text(8.333, [all, 4, 16]),
  'siliconflow/deepseek-v3-0324': text(8.333, [all, 2, 8]),
  'siliconflow/deepseek-v3.1-terminus': text(8.333, [all, 4, 12]),
  'siliconflow/deepseek-v3.2': text(8.333, [all, 2, 3]),
  'tongyi-intent-detect-v3': text(20, [all, 0.4, 1]),
  'vanchin/deepseek-ocr': seeing(8.333, [all, 0.216, 0.216]),
  'vanchin/deepseek-r1': text(8.333, [all, 4, 16, { cached: 1.6 }]),
  'vanchin/deepseek-v3': text(8.333, [all, 2, 8, { cached: 0.8 }]),
  'vanchin/deepseek-v3.1-terminus': text(8.333, [all, 4, 12, { cached: 1.6 }]),
  'vanchin/deepseek-v3.2-think': text(0.5, [all, 2, 3, { cached: 0.2 }]),
  'xiaomi/mimo-v2.5-pro': text(1.667, [all, 7, 21, { cached: 1.4 }]),
};
