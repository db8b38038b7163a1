/** Video types of wan2.5, 2.2 and 2.1. From the provider's API, limits and price pages. */
import type { ModelType } from './model-type.js';
import { perSecond } from './money.js';
import { sizesOf, video } from './video-table.js';

const switches: ModelType['switches'] = ['watermark', 'prompt_extend', 'seed', 'negative_prompt'];
const older = {
  ...{ ...video, switches, sound: 'never', promptCharacters: 800, soundTrack: [] },
  ...{ submitsPerSecond: 2, concurrentTasks: 2 },
} as const satisfies Partial<ModelType>;
const fromText = {
  ...older,
  source: 'legacy-wan-text-to-video-api-reference',
  scenarios: ['text-to-video'],
} satisfies Partial<ModelType>;
const fromFrame = {
  ...older,
  source: 'legacy-image-to-video-api-reference',
  scenarios: ['first-frame'],
  promptOptional: ['first-frame'],
} satisfies Partial<ModelType>;
const five = { fixed: 5 };
const wan25 = {
  sound: 'always' as const,
  promptCharacters: 1500,
  submitsPerSecond: 5,
  concurrentTasks: 5,
  duration: { values: [5, 10], default: 5 },
  price: perSecond({ '480P': 0.3, '720P': 0.6, '1080P': 1 }),
};
const plusPrice = perSecond({ '480P': 0.14, '1080P': 0.7 });
const turboPrice = perSecond({ '480P': 0.24, '720P': 0.24 });
const onlyHd = { values: ['720P'], default: '720P' };

export const olderVideoTypes: Record<string, ModelType> = withInternationalNames({
  'wan2.5-t2v-preview': {
    ...{ ...fromText, ...wan25, soundTrack: ['text-to-video'] },
    size: sizesOf(['480P', '720P', '1080P'], '1920*1080'),
  },
  'wan2.5-i2v-preview': {
    ...{ ...fromFrame, ...wan25, soundTrack: ['first-frame'] },
    resolution: { values: ['480P', '720P', '1080P'], default: '1080P' },
    pictureMebibytes: 20,
  },
  'wan2.2-t2v-plus': {
    ...fromText,
    size: sizesOf(['480P', '1080P'], '1920*1080'),
    duration: five,
    price: plusPrice,
  },
  'wan2.2-i2v-flash': {
    ...fromFrame,
    resolution: { values: ['480P', '720P', '1080P'], default: '720P' },
    duration: five,
    price: perSecond({ '480P': 0.1, '720P': 0.2, '1080P': 0.48 }),
  },
  'wan2.2-i2v-plus': {
    ...fromFrame,
    resolution: { values: ['480P', '1080P'], default: '1080P' },
    duration: five,
    price: plusPrice,
  },
  'wanx2.1-t2v-turbo': {
    ...fromText,
    size: sizesOf(['480P', '720P'], '1280*720'),
    duration: five,
    price: turboPrice,
  },
  'wanx2.1-t2v-plus': {
    ...fromText,
    size: sizesOf(['720P'], '1280*720'),
    duration: five,
    price: perSecond({ '720P': 0.7 }),
  },
  'wanx2.1-i2v-turbo': {
    ...fromFrame,
    resolution: { values: ['480P', '720P'], default: '720P' },
    duration: { range: [3, 5], default: 5 },
    price: turboPrice,
  },
  'wanx2.1-i2v-plus': {
    ...fromFrame,
    resolution: onlyHd,
    duration: five,
    price: perSecond({ '720P': 0.7 }),
  },
  'wanx2.1-kf2v-plus': {
    ...older,
    source: 'legacy-image-to-video-by-first-and-last-frame-api-reference',
    path: '/services/aigc/image2video/video-synthesis',
    scenarios: ['first-and-last-frame'],
    promptOptional: ['first-and-last-frame'],
    resolution: onlyHd,
    duration: five,
    price: perSecond({ '720P': 0.7 }),
  },
});

/** wanx2.1 is called wan2.1 outside of mainland China. */
function withInternationalNames(types: Record<string, ModelType>): Record<string, ModelType> {
  const others = Object.entries(types).filter(([name]) => name.startsWith('wanx'));
  return {
    ...types,
    ...Object.fromEntries(others.map(([name, type]) => [name.replace('wanx', 'wan'), type])),
  };
}
