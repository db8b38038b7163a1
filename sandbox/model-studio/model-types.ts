/** Which model types exist, on which path each one answers, and how often it may be called. */

import type { ModelLimit, ModelType } from './model-type.js';
import { newerModels } from './newer-models.js';

const multimodal = { 'multimodal-generation/generation': 'sync' } as const;
const videoSynthesis = { 'video-generation/video-synthesis': 'async' } as const;

const twoPerMinute: ModelLimit = { submits: 2, windowMs: 60_000, concurrentTasks: Infinity };
const twoPerSecond: ModelLimit = { submits: 2, windowMs: 1000, concurrentTasks: 2 };
const fivePerSecond: ModelLimit = { submits: 5, windowMs: 1000, concurrentTasks: 5 };

type Group = Omit<ModelType, 'name' | 'audioSwitch'> & { names: readonly string[]; audioSwitch?: boolean };

/** Model Studio's API pages, rate limits of the Beijing region; dated names are model types of their own. */
const groups: readonly Group[] = [
  {
    names: ['', '-2026-03-03', '-2026-04-22', '-2026-06-22'].map((date) => `qwen-image-2.0-pro${date}`),
    family: 'qwen-image-2',
    kind: 'image',
    paths: multimodal,
    limit: twoPerMinute,
  },
  {
    names: ['qwen-image-2.0', 'qwen-image-2.0-2026-03-03'],
    family: 'qwen-image-2',
    kind: 'image',
    paths: multimodal,
    limit: twoPerSecond,
  },
  {
    names: ['qwen-image-max', 'qwen-image-max-2025-12-30'],
    family: 'qwen-image-fixed',
    kind: 'image',
    paths: multimodal,
    limit: twoPerMinute,
  },
  {
    names: ['qwen-image-plus', 'qwen-image'],
    family: 'qwen-image-fixed',
    kind: 'image',
    paths: { ...multimodal, 'text2image/image-synthesis': 'async' },
    limit: twoPerSecond,
  },
  {
    names: ['qwen-image-plus-2026-01-09'],
    family: 'qwen-image-fixed',
    kind: 'image',
    paths: multimodal,
    limit: twoPerSecond,
  },
  {
    names: ['qwen-image-edit'],
    family: 'qwen-image-edit',
    kind: 'image',
    paths: multimodal,
    limit: twoPerSecond,
  },
  {
    names: ['qwen-image-edit-plus', 'qwen-image-edit-plus-2025-10-30', 'qwen-image-edit-plus-2025-12-15'],
    family: 'qwen-image-edit-plus',
    kind: 'image',
    paths: multimodal,
    limit: twoPerSecond,
  },
  {
    names: ['qwen-image-edit-max', 'qwen-image-edit-max-2026-01-16'],
    family: 'qwen-image-edit-plus',
    kind: 'image',
    paths: multimodal,
    limit: twoPerMinute,
  },
  {
    names: ['wan2.6-t2i'],
    family: 'wan-t2i',
    kind: 'image',
    paths: { ...multimodal, 'image-generation/generation': 'async' },
    limit: { submits: 1, windowMs: 1000, concurrentTasks: 5 },
  },
  {
    names: ['wan2.6-t2v'],
    family: 'wan-t2v',
    kind: 'video',
    paths: videoSynthesis,
    limit: fivePerSecond,
  },
  {
    names: ['wan2.6-i2v'],
    family: 'wan-i2v',
    kind: 'video',
    paths: videoSynthesis,
    limit: fivePerSecond,
  },
  {
    names: ['wan2.6-i2v-flash'],
    family: 'wan-i2v',
    kind: 'video',
    paths: videoSynthesis,
    limit: fivePerSecond,
    audioSwitch: true,
  },
  {
    names: ['wan2.6-r2v'],
    family: 'wan-r2v',
    kind: 'video',
    paths: videoSynthesis,
    limit: fivePerSecond,
  },
  {
    names: ['wan2.6-r2v-flash'],
    family: 'wan-r2v',
    kind: 'video',
    paths: videoSynthesis,
    limit: fivePerSecond,
    audioSwitch: true,
  },
  {
    names: ['wan2.2-kf2v-flash'],
    family: 'wan-kf2v',
    kind: 'video',
    paths: { 'image2video/video-synthesis': 'async' },
    limit: twoPerSecond,
  },
];

/** Every picture and video model type by its exact name. */
export const modelTypes: ReadonlyMap<string, ModelType> = new Map(
  [
    ...groups.flatMap(({ names, audioSwitch = false, ...group }) =>
      names.map((name) => ({ ...group, name, audioSwitch })),
    ),
    ...newerModels,
  ].map((model: ModelType) => [model.name, model] as const),
);

/** All service paths of the picture and video models. */
export const servicePaths: ReadonlySet<string> = new Set(
  [...modelTypes.values()].flatMap(({ paths }) => Object.keys(paths)),
);
