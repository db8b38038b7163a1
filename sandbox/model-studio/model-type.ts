/** What is known of a model type. */
import type { OwnRules } from './own-rules.js';

export type Family =
  | 'qwen-image-2'
  | 'qwen-image-fixed'
  | 'qwen-image-edit'
  | 'qwen-image-edit-plus'
  | 'wan-t2i'
  | 'wan-t2v'
  | 'wan-i2v'
  | 'wan-r2v'
  | 'wan-kf2v'
  | 'media-video'
  | 'message-image'
  | 'field-image';

export type Mode = 'sync' | 'async';

/** Submits allowed in a window; `concurrentTasks` bounds RUNNING tasks, the rest waits as PENDING. */
export interface ModelLimit {
  submits: number;
  windowMs: number;
  concurrentTasks: number;
}

/** What limits and tasks know of a model type. */
export interface LimitedModel {
  name: string;
  limit: ModelLimit;
}

export interface ModelType extends LimitedModel {
  family: Family;
  kind: 'image' | 'video';
  /** Path below `/api/v1/services/aigc/` → how it may be called there. */
  paths: Readonly<Record<string, Mode>>;
  /** True when `parameters.audio` switches sound on and off. */
  audioSwitch: boolean;
  /** Rules of this type alone, in place of its family's. */
  own?: OwnRules;
}
