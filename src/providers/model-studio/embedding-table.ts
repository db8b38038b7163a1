/**
 * Embedding models of Model Studio: lengths of vectors, texts a request, requests a second, CNY per million tokens of the Beijing price list
 * (the provider's API, limits and price pages, autumn 2026).
 */
import type { ModelType, TokenTier } from './model-type.js';

/** Any name deployed for the task that is not listed takes texts. */
export const embeddingType: ModelType = {
  task: 'embedding',
  source: 'text-embedding-synchronous-api',
  scenarios: ['embedding'],
  path: '/embeddings',
  mode: 'sync',
  switches: [],
  submitsPerSecond: 10,
  concurrentTasks: null,
  price: { per: 'token', currency: 'CNY', tiers: [] },
};

function texts(input: number, textsPerRequest: number, dimensions: readonly number[]): ModelType {
  const price = { per: 'token', currency: 'CNY', tiers: [{ input }] } as const;
  return {
    ...embeddingType,
    submitsPerSecond: 30,
    textsPerRequest,
    dimensions,
    price: { ...price, tiers: [{ input }] },
  };
}

export const embeddingTypes: Record<string, ModelType> = {
  'qwen3.7-text-embedding': texts(0.5, 20, [1024, 2560, 2048, 1536, 768, 512, 256]),
  'qwen3.7-text-embedding-flash': texts(0.125, 20, [1024, 768, 512, 256]),
  'text-embedding-v4': texts(0.5, 10, [1024, 2048, 1536, 768, 512, 256, 128, 64]),
  'text-embedding-v3': texts(0.5, 10, [1024, 768, 512, 256, 128, 64]),
  'text-embedding-v2': texts(0.7, 25, [1536]),
  'text-embedding-v1': texts(0.7, 25, [1536]),
};

/**
 * Of two lines: qwen's take any files together for one vector, tongyi's and the oldest one a single text or file. No input of qwen's has more
 * tokens than these, nor has a picture of tongyi's at its finest (`res_level` 3); files in MiB.
 */
const ofQwen = {
  fuses: true,
  mostTokensOf: { picture: 32_000, video: 32_000 },
  mostMebibytesOf: { picture: 10, video: 50 },
};
const ofOneFile = { mostMebibytesOf: { picture: 3, video: 10 } };
const datedTongyi = { mostMebibytesOf: { picture: 10, video: 50 } };
const ofTongyi = { ...ofOneFile, mostTokensOf: { picture: 1026 } };

function media(submitsPerSecond: number, dimensions: readonly number[], tier: TokenTier): ModelType {
  return {
    ...embeddingType,
    source: 'multimodal-embedding-api-reference',
    path: '/services/embeddings/multimodal-embedding/multimodal-embedding',
    reads: ['picture', 'video'],
    ...{ submitsPerSecond, dimensions },
    price: { per: 'token', currency: 'CNY', tiers: [tier] },
  };
}

export const mediaEmbeddingTypes: Record<string, ModelType> = {
  'qwen3-vl-embedding': {
    ...media(40, [2560, 2048, 1536, 1024, 768, 512, 256], { input: 0.7, picture: 1.8 }),
    ...ofQwen,
  },
  'qwen2.5-vl-embedding': {
    ...media(20, [1024, 2048, 768, 512], { input: 0.7, picture: 1.8 }),
    ...ofQwen,
    mostMebibytesOf: { picture: 5, video: 50 },
    fusesAlways: true,
  },
  'tongyi-embedding-vision-plus': {
    ...media(10, [1152], { input: 0.5 }),
    ...ofTongyi,
    dated: { ...datedTongyi, dimensions: [1152, 1024, 512, 256, 128, 64] },
  },
  'tongyi-embedding-vision-flash': {
    ...media(10, [768], { input: 0.15 }),
    ...ofTongyi,
    dated: { ...datedTongyi, dimensions: [768, 512, 256, 128, 64] },
  },
  'multimodal-embedding-v1': { ...media(2, [1024], { input: 0.7, picture: 0.9 }), ...ofOneFile },
};
