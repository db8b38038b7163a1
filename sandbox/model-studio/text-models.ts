/** Which text model types exist on the OpenAI-compatible paths, and what they take. */
import { type MediaRule, mediaRules } from './media-rules.js';

export interface TextModel {
  name: string;
  /** Takes image_url and video_url parts. */
  sees: boolean;
  /** Takes input_audio parts. */
  hears: boolean;
  /** Takes file parts: PDF. */
  reads: boolean;
  /** Does nothing else. */
  translates: boolean;
}

/** Families of the public model list; plain, `-latest` and dated names are all model types. */
const chatFamilies: readonly {
  pattern: RegExp;
  sees?: boolean;
  hears?: boolean;
  reads?: boolean;
  translates?: boolean;
}[] = [
  { pattern: /^qwen3\.8-(max|flash|27b)/, sees: true, reads: true },
  { pattern: /^qwen(-vl-(max|plus|ocr)|3-vl-[a-z0-9-]+|2(\.5)?-vl-[a-z0-9-]+)/, sees: true },
  { pattern: /^qwen(2\.5|3(\.\d)?)?-omni-[a-z0-9-]+/, sees: true, hears: true },
  { pattern: /^qwen3\.\d-max/ },
  { pattern: /^(qvq-(max|plus)|qwen3\.[5-9]-[a-z0-9-]+|gui-plus)/, sees: true },
  { pattern: /^qwen-(max|plus|turbo|flash|long|coder-(plus|turbo)|math-(plus|turbo)|doc-turbo)/ },
  { pattern: /^qwen-(plus|flash)-character/ },
  { pattern: /^qwen-mt-(plus|turbo|flash|lite)/, translates: true },
  { pattern: /^qwen3-(max|coder-(plus|flash|next)|[0-9a-z.-]+b)/ },
  { pattern: /^qwen2(\.5)?-[0-9.]+b/ },
  { pattern: /^(qwq-(plus|32b)|farui-plus|tongyi-intent-detect-v3)/ },
  { pattern: /^([a-z]+\/)?(kimi-k2\.[56]|deepseek-ocr)/, sees: true },
  { pattern: /^([a-z]+\/)?(deepseek-[rv]|(moonshot-)?kimi-k|glm-|minimax-|mimo-)/i },
];

const suffix = /(-latest|-preview|-instruct|-thinking|-\d{4}-\d{2}-\d{2}|-\d{4}|-us)*$/;

/** Finds a chat model by its exact name; undefined when Model Studio offers none of that name. */
export function findChatModel(name: string): TextModel | undefined {
  for (const { pattern, sees = false, hears = false, reads = false, translates = false } of chatFamilies) {
    const match = pattern.exec(name);
    if (!match) continue;
    const rest = name.slice(match[0].length);
    // Open-weight families carry sizes and versions of their own in the name.
    const open = /^(qwen2|qwen3|qwen3\.|qwq|deepseek|moonshot|kimi|glm|minimax|[a-z]+\/)/i.test(name);
    if (open ? /^[\w.-]*$/.test(rest) : rest.replace(suffix, '') === '')
      return { name, sees, hears, reads, translates };
  }
  return undefined;
}

export interface EmbeddingModel {
  dimensions: readonly number[];
  defaultDimensions: number;
  maxTexts: number;
}

/** Embedding models with their vector lengths; only the newer ones let the caller choose. */
export const embeddingModels: Readonly<Record<string, EmbeddingModel>> = {
  'qwen3.7-text-embedding': {
    dimensions: [256, 512, 768, 1024, 1536, 2048, 2560],
    defaultDimensions: 1024,
    maxTexts: 20,
  },
  'qwen3.7-text-embedding-flash': {
    dimensions: [256, 512, 768, 1024],
    defaultDimensions: 1024,
    maxTexts: 20,
  },
  'text-embedding-v1': { dimensions: [1536], defaultDimensions: 1536, maxTexts: 25 },
  'text-embedding-v2': { dimensions: [1536], defaultDimensions: 1536, maxTexts: 25 },
  'text-embedding-v3': {
    dimensions: [64, 128, 256, 512, 768, 1024],
    defaultDimensions: 1024,
    maxTexts: 10,
  },
  'text-embedding-v4': {
    dimensions: [64, 128, 256, 512, 768, 1024, 1536, 2048],
    defaultDimensions: 1024,
    maxTexts: 10,
  },
};

export interface MediaEmbeddingModel {
  /** Lengths of its vectors, the default first. */
  dimensions: readonly number[];
  /** Whether several contents may become one vector. */
  fuses: boolean;
  /** What it reads beside texts. */
  files: Readonly<Record<'image' | 'video', MediaRule>>;
}

const files = { image: mediaRules.embeddedPicture, video: mediaRules.embeddedVideo };
const smallFiles = { image: mediaRules.smallEmbeddedPicture, video: mediaRules.smallEmbeddedVideo };

export const mediaEmbeddingModels: Readonly<Record<string, MediaEmbeddingModel>> = {
  'qwen3-vl-embedding': { dimensions: [2560, 2048, 1536, 1024, 768, 512, 256], fuses: true, files },
  'qwen2.5-vl-embedding': { dimensions: [1024, 2048, 768, 512], fuses: true, files },
  'tongyi-embedding-vision-plus': {
    dimensions: [1152],
    fuses: false,
    files: smallFiles,
  },
  'tongyi-embedding-vision-flash': {
    dimensions: [768],
    fuses: false,
    files: smallFiles,
  },
  'tongyi-embedding-vision-plus-2026-03-06': {
    dimensions: [1152, 1024, 512, 256, 128, 64],
    fuses: false,
    files,
  },
  'tongyi-embedding-vision-flash-2026-03-06': { dimensions: [768, 512, 256, 128, 64], fuses: false, files },
  'multimodal-embedding-v1': { dimensions: [1024], fuses: false, files: smallFiles },
};

/** Speech-to-text models, and how many submits a minute each takes. */
export const speechModels: Readonly<Record<string, number>> = {
  'fun-asr': 600,
  'fun-asr-2025-11-07': 600,
  'fun-asr-2025-08-25': 600,
  'fun-asr-mtl': 600,
  'paraformer-v2': 1200,
  'paraformer-v1': 600,
  'paraformer-mtl-v1': 600,
  'paraformer-8k-v2': 600,
  'paraformer-8k-v1': 600,
};

/** A rough, deterministic count: four Latin letters or one other character make a token. */
export function countTokens(text: string): number {
  let latin = 0;
  let other = 0;
  for (const character of text) {
    if (character.charCodeAt(0) < 0x250) latin += 1;
    else other += 1;
  }
  return Math.ceil(latin / 4) + other;
}
