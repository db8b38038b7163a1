/** What is known of a model type: what it takes, costs and allows. */
import type { MediumKind } from '../../media/kinds.js';

export type Task =
  | 'image-generation'
  | 'video-generation'
  | 'chat/completions'
  | 'embedding'
  | 'speech-to-text';

export const scenarios = [
  'text-to-image',
  'image-edit',
  'multi-image-fusion',
  'text-to-video',
  'first-frame',
  'first-and-last-frame',
  'reference-video',
  'text',
  'embedding',
  'transcription',
] as const;
export type Scenario = (typeof scenarios)[number];

export type SizeRule =
  /** Any width and height whose product lies in the range; `sides` and `ratio` narrow it. */
  | {
      form: 'area';
      least: string;
      most: string;
      sides?: [number, number];
      ratio?: [number, number];
      default: string;
      advised: string[];
    }
  | { form: 'list'; values: string[]; default: string };

export interface ModelType {
  task: Task;
  scenarios: Scenario[];
  path: string;
  /** Asynchronous types give a task to poll, synchronous ones answer with the result. */
  mode: 'sync' | 'async';
  /** Where the prompt of pictures and videos stands: in a user message with the reference pictures, or in a field beside the media's. */
  input?: 'messages' | 'prompt';
  /** Width and height (`size`), or a class of them (`resolution`): never both. Undefined: the type accepts neither. */
  size?: SizeRule;
  resolution?: { values: string[]; default: string };
  /** Pictures a call may ask for (`n`). */
  pictures?: [number, number];
  referenceFiles?: [number, number];
  /** Seconds; `fixed` types have one length and do not take the field. */
  duration?: { range: [number, number]; default: number } | { fixed: number };
  /** Switches the type takes, beside those above. */
  switches: ('watermark' | 'prompt_extend' | 'seed' | 'shot_type' | 'audio' | 'negative_prompt')[];
  sound?: 'always' | 'optional' | 'never';
  /** The type that offers what this one cannot: named in hints. */
  silentAlternative?: string;
  /** Lengths of the vector that may be asked for, the default first. */
  dimensions?: readonly number[];
  /** Texts that one request may carry: so many calls go together. */
  textsPerRequest?: number;
  /** The kinds of files it reads. */
  reads?: readonly MediumKind[];
  /** Several texts and files of one call become one vector. */
  fuses?: boolean;
  /** The provider cuts longer prompts silently. */
  promptCharacters?: number;
  /** The longest answer a text type gives, thoughts included. Undefined: not known. */
  mostOutputTokens?: number;
  submitsPerSecond: number;
  /** null: the provider sets no limit. */
  concurrentTasks: number | null;
  price: Price;
  /** What its `-us` name has otherwise. */
  american?: Partial<ModelType>;
  /** What its dated names have otherwise. */
  dated?: Partial<ModelType>;
}

/** Amounts of `currency`; those of seconds by resolution class. */
export type Price = { currency: string } & (
  | { per: 'picture'; amount: number }
  | {
      per: 'second';
      amounts: Record<string, number>;
      silentAmounts?: Record<string, number>;
      /** Seconds of each input video that count at most: `[0]` where there is one reference file, `[1]` where there are two, … */
      inputSecondsPerVideo?: number[];
    }
  /** The first tier that the input fits in counts; without a fitting one the price is not known. */
  | { per: 'token'; tiers: TokenTier[] }
  /** Of a sound's length in which somebody speaks. */
  | { per: 'speech second'; amount: number }
);

/** Amounts per million tokens. What is left out costs as much as what it is part of. */
export interface TokenTier {
  /** Tokens of input of the whole call; undefined: any number. */
  upTo?: number;
  input: number;
  /** Undefined: there is none, as of embeddings. */
  output?: number;
  /** Of input that the provider had from an earlier call. */
  cached?: number;
  /** Of output, where the model thinks before it answers. */
  thinking?: number;
  /** Of input that is a sound, and a picture or video. */
  sound?: number;
  picture?: number;
  /** Of output to media. */
  mixed?: number;
}
