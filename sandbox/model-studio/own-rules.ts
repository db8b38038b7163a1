/** The form of rules that a model type has for itself, and the fields that many of them share. */
import type { MediaRule } from './media-rules.js';
import type { FamilyRules, FieldRule } from './rule-forms.js';

/** What `input.media` may hold. */
export interface ListedMedia {
  types: Readonly<Record<string, { most: number; rule: MediaRule }>>;
  /** The only sets of types that may come together; undefined: any. */
  sets?: readonly string[];
  /** Types of which there must be one at least. */
  oneOf?: readonly string[];
  /** The most of these types together. */
  together?: { types: readonly string[]; most: number };
  /** What each reference may have for a voice. */
  voice?: MediaRule;
  /** Types of which there may be one alone. */
  exclusive?: readonly string[];
  /** Two groups that exclude each other. */
  apart?: readonly [readonly string[], readonly string[]];
}

/** Rules of one type; unlike a family's they refuse what is not listed. */
export interface OwnRules extends FamilyRules {
  /** Fields of `input` beside `media` and `messages`. */
  input: readonly string[];
  promptRequired: boolean;
  promptCharacters: number;
  media?: ListedMedia;
  /** Pictures that a message or `images` may hold, and what each must be. */
  pictures?: readonly [number, number];
  pictureRule?: MediaRule;
  /** What a sound track must be, where that is not what it usually is. */
  soundTrack?: MediaRule;
  /** Fields that are narrower where pictures go in, or a sequence is asked for; and where none is. */
  edited?: Readonly<Record<string, FieldRule>>;
  single?: Readonly<Record<string, FieldRule>>;
  /** What may be done to a picture (`input.function`), and the fields that each takes beside the others. */
  edits?: Readonly<Record<string, Readonly<Record<string, FieldRule>>>>;
  /** How many pictures a sequence has where that is not said. */
  sequence?: number;
  /** Seconds of input videos together, and with the one that is made. */
  mostSeconds?: { together: number; withMade: number };
  /** The longest duration where a reference is a video. */
  mostSecondsWithVideo?: number;
  /** How seconds of input videos are billed. */
  inputSeconds?: 'shared five' | 'whole';
  /** Texts and pictures in turn (`enable_interleave`): the rules that hold then. */
  interleaved?: Pick<OwnRules, 'pictures' | 'fields' | 'defaults'>;
  /** Usage tells the ratio. */
  tellsRatio?: boolean;
  usage?: 'frame' | 'size as ratio' | 'standard ratio' | 'tiers' | 'interleaved';
}

export const boolean: FieldRule = { kind: 'boolean' };
export const integer = (minimum: number, maximum: number): FieldRule => ({
  kind: 'integer',
  minimum,
  maximum,
});
export const number = (minimum: number, maximum: number): FieldRule => ({ kind: 'number', minimum, maximum });
export const choice = (...values: string[]): FieldRule => ({ kind: 'choice', values });
export const seed = integer(0, 2_147_483_647);

export const common = { prompt_extend: boolean, watermark: boolean, seed };
