/**
 * Translation models of Model Studio: requests a second and CNY per million tokens, from the provider's model list of spring 2026
 * (modelstudioai/skills, models/groups).
 */
import { chatType } from './chat-table.js';
import type { ModelType } from './model-type.js';

const mostOutputTokens = 8192;

function translating(input: number, output: number): ModelType {
  const price = { per: 'token' as const, currency: 'CNY', tiers: [{ input, output }] };
  return {
    ...chatType,
    task: 'translation',
    source: 'qwen-mt-api',
    submitsPerSecond: 1,
    mostOutputTokens,
    price,
  };
}

export const translationTypes: Record<string, ModelType> = {
  'qwen-mt-plus': translating(1.8, 5.4),
  'qwen-mt-flash': translating(0.7, 1.95),
  'qwen-mt-lite': translating(0.6, 1.6),
  'qwen-mt-lite-us': translating(0.881, 2.642),
  'qwen-mt-turbo': translating(0.7, 1.95),
};
