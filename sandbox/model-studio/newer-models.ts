/** Model types whose rules are their own: wan2.7 and 3.0, happyhorse, wan2.5 and before, newer pictures. From the public API pages. */
import type { MediaRule } from './media-rules.js';
import type { Family, Mode, ModelLimit, ModelType } from './model-type.js';
import { imagePictures, syncPictures, taskPictures, textPictures } from './newer-pictures.js';
import { boolean, choice, common, integer, type OwnRules, seed } from './own-rules.js';
import type { FieldRule } from './rule-forms.js';

const fiveRatios = ['16:9', '9:16', '1:1', '4:3', '3:4'];
const megabyte = 1024 * 1024;
const bigPicture: MediaRule = {
  dataUrl: true,
  picture: {
    formats: ['jpeg', 'png', 'bmp', 'webp'],
    side: [240, 8000],
    maxBytes: 20 * megabyte,
    transparencyAllowed: false,
  },
};
const horsePicture = (least: number): MediaRule => ({
  dataUrl: true,
  picture: {
    formats: ['jpeg', 'png', 'webp'],
    side: [least, 100_000],
    maxBytes: 20 * megabyte,
    transparencyAllowed: true,
  },
});
const clip = (least: number, most: number): MediaRule => ({
  dataUrl: false,
  video: { formats: ['mp4', 'mov'], seconds: [least, most], maxBytes: 100 * megabyte },
});
const sound = (least: number, most: number): MediaRule => ({
  dataUrl: false,
  audio: { formats: ['wav', 'mp3'], seconds: [least, most], maxBytes: 15 * megabyte },
});
const document: MediaRule = {
  dataUrl: false,
  document: {
    endings: ['docx', 'doc', 'xlsx', 'xls', 'pptx', 'ppt', 'pdf', 'txt', 'key', 'pages', 'numbers', 'md'],
    maxBytes: 100 * megabyte,
  },
};

const wan27 = {
  input: ['prompt', 'negative_prompt'],
  promptRequired: true,
  promptCharacters: 5000,
  fields: {
    resolution: choice('720P', '1080P'),
    duration: integer(2, 15),
    prompt_extend: boolean,
    watermark: boolean,
    seed,
  },
  defaults: { resolution: '1080P', duration: 5 },
} satisfies OwnRules;
const wan3Seconds = integer(-1, 30);
const wan3: OwnRules = {
  ...wan27,
  input: ['prompt'],
  promptRequired: false,
  promptCharacters: 20_000,
  fields: {
    ...wan27.fields,
    resolution: choice('480P', '720P', '1080P'),
    ratio: choice('adaptive', ...fiveRatios),
    duration: wan3Seconds,
    audio: boolean,
  },
  media: {
    types: {
      first_frame: { most: 1, rule: bigPicture },
      last_frame: { most: 1, rule: bigPicture },
      reference_image: { most: 10, rule: bigPicture },
      reference_video: { most: 5, rule: clip(1, 15) },
      reference_audio: { most: 5, rule: sound(1, 15) },
      file: { most: 1, rule: document },
      link: { most: 1, rule: { dataUrl: false, page: true } },
    },
    exclusive: ['file', 'link'],
    apart: [
      ['first_frame', 'last_frame'],
      ['reference_image', 'reference_video', 'reference_audio', 'file', 'link'],
    ],
  },
  inputSeconds: 'whole',
  mostSeconds: { together: 15, withMade: 30 },
  tellsRatio: true,
};

function horse(resolutions: string[], ratio: boolean): OwnRules {
  return {
    input: ['prompt'],
    promptRequired: true,
    promptCharacters: 5000,
    fields: {
      resolution: choice(...resolutions),
      ...(ratio && { ratio: choice(...fiveRatios, '4:5', '5:4', '9:21', '21:9') }),
      duration: integer(3, 15),
      watermark: boolean,
      seed,
    },
    defaults: { resolution: '1080P', duration: 5 },
    tellsRatio: ratio,
  };
}

function horses(version: string, resolutions: string[]): Record<string, OwnRules> {
  const withFrame = horse(resolutions, false);
  return {
    [`happyhorse-${version}-t2v`]: horse(resolutions, true),
    [`happyhorse-${version}-i2v`]: {
      ...withFrame,
      promptRequired: false,
      media: { types: { first_frame: { most: 1, rule: horsePicture(300) } }, oneOf: ['first_frame'] },
    },
    [`happyhorse-${version}-r2v`]: {
      ...horse(resolutions, true),
      media: { types: { reference_image: { most: 9, rule: horsePicture(400) } }, oneOf: ['reference_image'] },
    },
  };
}

const { duration: _anyLength, ...withoutDuration } = horse(['720P', '1080P'], false).fields;
const editSound = choice('auto', 'origin');

const mediaVideos: Record<string, OwnRules> = {
  'wan2.7-t2v': {
    ...wan27,
    input: ['prompt', 'negative_prompt', 'audio_url'],
    fields: { ...wan27.fields, ratio: choice(...fiveRatios) },
    soundTrack: sound(2, 30),
    tellsRatio: true,
  },
  'wan2.7-i2v': {
    ...wan27,
    promptRequired: false,
    media: {
      types: {
        first_frame: { most: 1, rule: bigPicture },
        last_frame: { most: 1, rule: bigPicture },
        driving_audio: { most: 1, rule: sound(2, 30) },
        first_clip: { most: 1, rule: clip(2, 10) },
      },
      sets: [
        'first_frame',
        'driving_audio+first_frame',
        'first_frame+last_frame',
        'driving_audio+first_frame+last_frame',
        'first_clip',
        'first_clip+last_frame',
      ],
    },
  },
  'wan2.7-r2v': {
    ...wan27,
    fields: { ...wan27.fields, ratio: choice(...fiveRatios) },
    media: {
      types: {
        reference_image: { most: 5, rule: bigPicture },
        reference_video: { most: 5, rule: clip(1, 30) },
        first_frame: { most: 1, rule: bigPicture },
      },
      oneOf: ['reference_image', 'reference_video'],
      together: { types: ['reference_image', 'reference_video'], most: 5 },
      voice: sound(1, 10),
    },
    mostSecondsWithVideo: 10,
    inputSeconds: 'shared five',
    tellsRatio: true,
  },
  'wan2.7-videoedit': {
    ...wan27,
    promptRequired: false,
    fields: {
      ...wan27.fields,
      ratio: choice(...fiveRatios),
      duration: integer(0, 10),
      audio_setting: editSound,
    },
    defaults: { resolution: '1080P', duration: 0 },
    media: {
      types: { video: { most: 1, rule: clip(2, 10) }, reference_image: { most: 4, rule: bigPicture } },
      oneOf: ['video'],
    },
    inputSeconds: 'whole',
  },
  'wan3.0-video': wan3,
  'wan3.0-video-prime': wan3,
  ...horses('1.0', ['720P', '1080P']),
  ...horses('1.1', ['480P', '720P', '1080P']),
  'happyhorse-1.0-video-edit': {
    ...horse(['720P', '1080P'], false),
    fields: { ...withoutDuration, audio_setting: editSound },
    defaults: { resolution: '1080P', duration: 0 },
    media: {
      types: { video: { most: 1, rule: clip(3, 60) }, reference_image: { most: 5, rule: horsePicture(300) } },
      oneOf: ['video'],
    },
    inputSeconds: 'whole',
  },
};

const sizes: Record<string, string[]> = {
  '480P': ['832*480', '480*832', '624*624'],
  '720P': ['1280*720', '720*1280', '960*960', '1088*832', '832*1088'],
  '1080P': ['1920*1080', '1080*1920', '1440*1440', '1632*1248', '1248*1632'],
};
const fiveOrTen: FieldRule = { kind: 'numbers', values: [5, 10] };
const textVideo = (classes: string[], usual: string, longer = false): OwnRules => ({
  input: ['prompt', 'negative_prompt', ...(longer ? ['audio_url'] : [])],
  promptRequired: true,
  promptCharacters: longer ? 1500 : 800,
  fields: {
    ...common,
    size: { kind: 'size', size: { listed: classes.flatMap((name) => sizes[name] ?? []) } },
    duration: longer ? fiveOrTen : integer(5, 5),
  },
  defaults: { size: usual, duration: 5 },
  usage: 'size as ratio',
});
const frameVideo = (classes: string[], usual: string, duration: FieldRule = integer(5, 5)): OwnRules => ({
  input: ['prompt', 'negative_prompt', 'img_url', ...(duration === fiveOrTen ? ['audio_url'] : [])],
  promptRequired: false,
  promptCharacters: duration === fiveOrTen ? 1500 : 800,
  fields: { ...common, resolution: choice(...classes), duration },
  defaults: { resolution: usual, duration: 5 },
  usage: 'frame',
});
const standard = (rules: OwnRules): OwnRules => ({ ...rules, usage: 'standard ratio' });

const american = (rules: OwnRules, ...seconds: number[]): OwnRules => {
  const { usage: _wan26Usage, ...others } = rules;
  const fields = { ...rules.fields, shot_type: choice('single', 'multi') };
  return { ...others, fields: { ...fields, duration: { kind: 'numbers', values: seconds } } };
};

const olderTextVideos: Record<string, OwnRules> = {
  'wan2.6-t2v-us': american(textVideo(['720P', '1080P'], '1920*1080', true), 5, 10),
  'wan2.5-t2v-preview': textVideo(['480P', '720P', '1080P'], '1920*1080', true),
  'wan2.2-t2v-plus': textVideo(['480P', '1080P'], '1920*1080'),
  'wanx2.1-t2v-turbo': standard(textVideo(['480P', '720P'], '1280*720')),
  'wanx2.1-t2v-plus': standard(textVideo(['720P'], '1280*720')),
};
const olderFrameVideos: Record<string, OwnRules> = {
  'wan2.6-i2v-us': american(frameVideo(['720P', '1080P'], '1080P', fiveOrTen), 5, 10, 15),
  'wan2.5-i2v-preview': frameVideo(['480P', '720P', '1080P'], '1080P', fiveOrTen),
  'wan2.2-i2v-flash': frameVideo(['480P', '720P', '1080P'], '720P'),
  'wan2.2-i2v-plus': frameVideo(['480P', '1080P'], '1080P'),
  'wanx2.1-i2v-turbo': standard(frameVideo(['480P', '720P'], '720P', integer(3, 5))),
  'wanx2.1-i2v-plus': standard(frameVideo(['720P'], '720P')),
};
const { usage: _frameUsage, ...keyFrameRules } = frameVideo(['720P'], '720P');
const olderKeyFrames: Record<string, OwnRules> = {
  'wanx2.1-kf2v-plus': {
    ...keyFrameRules,
    input: ['prompt', 'negative_prompt', 'first_frame_url', 'last_frame_url'],
  },
};

const sync = { 'multimodal-generation/generation': 'sync' } as const;
const byTask = (path: string): Record<string, Mode> => ({ [path]: 'async' });
const perSecond = (submits: number, concurrentTasks: number): ModelLimit => ({
  submits,
  windowMs: 1000,
  concurrentTasks,
});
const perMinute = ([submits, concurrentTasks = Infinity]: [number, number?]): ModelLimit => ({
  ...{ submits, concurrentTasks, windowMs: 60_000 },
});
const minuteLimits: Record<string, [number, number?]> = {
  'qwen-image-3.0-pro': [5, 10],
  'qwen-image-3.0': [20, 10],
  'qwen-image-2.1-pro': [20],
};
const limitOf = (name: string): ModelLimit =>
  minuteLimits[name]
    ? perMinute(minuteLimits[name])
    : /^wanx?2\.[012]/.test(name)
      ? perSecond(2, 2)
      : perSecond(5, 5);

function models(
  rules: Record<string, OwnRules>,
  kind: ModelType['kind'],
  family: Family,
  paths: Record<string, Mode>,
): ModelType[] {
  return Object.entries(rules).flatMap(([name, own]) =>
    // Outside of mainland China, where its edits are not to be had, wanx2.1 is called wan2.1.
    [...new Set([name, ...(own.edits ? [] : [name.replace('wanx2.1', 'wan2.1')])])].map((each) => ({
      ...{ name: each, kind, family, paths, own, limit: limitOf(name) },
      audioSwitch: 'audio' in own.fields,
    })),
  );
}

const videoPath = byTask('video-generation/video-synthesis');

export const newerModels: readonly ModelType[] = [
  ...models(mediaVideos, 'video', 'media-video', videoPath),
  ...models(olderTextVideos, 'video', 'wan-t2v', videoPath),
  ...models(olderFrameVideos, 'video', 'wan-i2v', videoPath),
  ...models(olderKeyFrames, 'video', 'wan-kf2v', byTask('image2video/video-synthesis')),
  ...models(syncPictures, 'image', 'message-image', sync),
  ...models(taskPictures, 'image', 'message-image', { ...sync, ...byTask('image-generation/generation') }),
  ...models(textPictures, 'image', 'field-image', byTask('text2image/image-synthesis')),
  ...models(imagePictures, 'image', 'field-image', byTask('image2image/image-synthesis')),
];
