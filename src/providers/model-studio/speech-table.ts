/** Speech-to-text models of Model Studio: requests a second, CNY a second of speech (the provider's limits and price pages, autumn 2026). */
import type { ModelType } from './model-type.js';

function speech(amount: number, requestsAMinute: number): ModelType {
  return {
    task: 'speech-to-text',
    scenarios: ['transcription'],
    path: '/services/audio/asr/transcription',
    mode: 'async',
    switches: [],
    reads: ['sound', 'video'],
    submitsPerSecond: requestsAMinute / 60,
    concurrentTasks: null,
    price: { per: 'speech second', currency: 'CNY', amount },
  };
}

export const speechTypes: Record<string, ModelType> = {
  'fun-asr': speech(0.00022, 600),
  'fun-asr-mtl': speech(0.00022, 600),
  'fun-asr-flash': speech(0.00022, 600),
  'paraformer-v2': speech(0.00008, 1200),
  'paraformer-v1': speech(0.00008, 600),
  'paraformer-mtl-v1': speech(0.00008, 600),
  'paraformer-8k-v2': speech(0.00008, 600),
  'paraformer-8k-v1': speech(0.00008, 600),
};
