/** Speech-to-text models of Model Studio: requests a second, CNY a second of speech (the provider's limits and price pages, autumn 2026). */
import type { ModelType } from './model-type.js';

function speech(
  line: Pick<ModelType, 'source' | 'readsNot'>,
  amount: number,
  requestsAMinute: number,
): ModelType {
  return {
    ...line,
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

const funAsr = { source: 'fun-asr-recorded-speech-recognition-http-api' };
const paraformer = { source: 'paraformer-recorded-speech-recognition-restful-api', readsNot: ['aiff'] };

export const speechTypes: Record<string, ModelType> = {
  'fun-asr': speech(funAsr, 0.00022, 600),
  'fun-asr-mtl': speech(funAsr, 0.00022, 600),
  'paraformer-v2': speech(paraformer, 0.00008, 1200),
  'paraformer-v1': speech(paraformer, 0.00008, 600),
  'paraformer-mtl-v1': speech(paraformer, 0.00008, 600),
  'paraformer-8k-v2': speech(paraformer, 0.00008, 600),
  'paraformer-8k-v1': speech(paraformer, 0.00008, 600),
};
