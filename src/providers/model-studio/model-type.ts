/** What is known of a model type: what it takes, costs and allows. */
import type { MediumKind } from '../../media/kinds.js';

export type Task =
  | 'image-generation'
  | 'video-generation'
  | 'chat/completions'
  | 'embedding'
  | 'speech-to-text'
  | 'translation'
  | 'rerank';

export const scenarios = [
  'text-to-image',
  'image-edit',
  'multi-image-fusion',
  'text-to-video',
  'first-frame',
  'first-and-last-frame',
  'reference-video',
  'video-edit',
  'video-continuation',
  'interleaved',
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
      /** Words that stand for a size, and the scenarios that take them. */
      classes?: Record<string, Scenario[]>;
      /** Of pictures from text alone that are no sequence, where they may be larger. */
      mostFromText?: string;
    }
  | { form: 'list'; values: string[]; default: string };

export type Switch =
  | 'watermark'
  | 'prompt_extend'
  | 'seed'
  | 'shot_type'
  | 'audio'
  | 'audio_setting'
  | 'negative_prompt'
  | 'thinking_mode'
  | 'enable_sequential'
  | 'enable_interleave'
  | 'max_images'
  | 'bbox_list'
  | 'color_palette'
  | 'prompt_extend_mode'
  | 'enable_thinking';

/** One thing that may be done to a picture: the parameters that only it takes, and whether a second picture says where (`mask_url`). */
export interface PictureEdit {
  takes: readonly EditParameter[];
  mask?: true;
}

export type EditParameter =
  | 'strength'
  | 'top_scale'
  | 'bottom_scale'
  | 'left_scale'
  | 'right_scale'
  | 'upscale_factor'
  | 'is_sketch';

/** Seconds; `fixed` types have one length and do not take the field. A default of `also` may stand outside the range and mean something else. */
export type DurationRule =
  | {
      range: [number, number];
      default: number;
      /** A value outside the range that has a meaning of its own. */
      also?: number;
      /** The most where a reference is a video. */
      mostWithVideo?: number;
    }
  | { values: number[]; default: number }
  | { fixed: number };

export interface ModelType {
  task: Task;
  /** The page of the provider's documentation that tells its fields: its name behind https://help.aliyun.com/zh/model-studio/. */
  source: string;
  scenarios: Scenario[];
  path: string;
  /** Asynchronous types give a task to poll, synchronous ones answer with the result. */
  mode: 'sync' | 'async';
  /**
   * Where prompt and media of pictures and videos stand: in a user message; in a field each; the media in one list with what each is for
   * (`media`), or as a list of pictures (`images`), or in fields of their own beside the word for what is done to them (`base image`).
   */
  input?: 'messages' | 'prompt' | 'media' | 'images' | 'base image';
  /** Scenarios that need no prompt. */
  promptOptional?: Scenario[];
  /** Width and height (`size`), or a class of them (`resolution`): never both. Undefined: the type accepts neither. */
  size?: SizeRule;
  resolution?: { values: string[]; default: string };
  /** Sent beside `resolution`, in the scenarios where no first picture gives it; without a default the provider takes the input's. */
  ratio?: { values: string[]; default?: string; scenarios: Scenario[] };
  /** Pictures a call may ask for (`n`). */
  pictures?: [number, number];
  /** Pictures that a sequence (`enable_sequential`) may have. */
  sequence?: number;
  /** What it has otherwise where texts and pictures are asked for in turn (`enable_interleave`). */
  interleaved?: Partial<ModelType>;
  /** What may be done to the picture that goes in (`function`), by its name; the first one is done where nothing is said. */
  edits?: Record<string, PictureEdit>;
  /** Pictures that may stand among texts (`max_images`). */
  mostAmongTexts?: number;
  referenceFiles?: [number, number];
  /** What references may be (pictures alone when left out), and what a prompt calls each: `#` is its number among those of the same name. */
  references?: Partial<Record<MediumKind, string>>;
  /** References of each kind that a call may have, where they are bounded apart. */
  referencesOfKind?: Partial<Record<MediumKind, number>>;
  /** What else may stand beside them: a voice for each; a document or a page of the web, which may also stand alone. */
  extras?: ('voices' | 'documents')[];
  /** A first frame (`img_url`) may stand beside the references. */
  frameBesideReferences?: true;
  /** Seconds of the videos that go in: of each, of all together, and of all together with the one that is made. */
  videoSeconds?: { each: [number, number]; together?: number; withMade?: number };
  /** Mebibytes that a picture may have; 10 when left out. */
  pictureMebibytes?: number;
  duration?: DurationRule;
  /** Switches the type takes, beside those above. */
  switches: Switch[];
  /** Where the provider's own default of `prompt_extend` is not true. */
  promptExtendOff?: true;
  /** Scenarios that take a sound track (`audio_url`). */
  soundTrack?: Scenario[];
  sound?: 'always' | 'optional' | 'never';
  /** The type that offers what this one cannot: named in hints. */
  silentAlternative?: string;
  /** Lengths of the vector that may be asked for, the default first. */
  dimensions?: readonly number[];
  /** Texts that one request may carry: so many calls go together. */
  textsPerRequest?: number;
  /** Tokens of all that one request may carry, where they are bounded. */
  tokensPerRequest?: number;
  /** The kinds of files it reads. */
  reads?: readonly MediumKind[];
  /** Endings of these kinds that it does not. */
  readsNot?: readonly string[];
  /** The most tokens that a file of each kind comes to. Undefined: not known. */
  mostTokensOf?: Partial<Record<MediumKind, number>>;
  /** The most MiB that a file of each kind may have, where an embedding reads it. */
  mostMebibytesOf?: Partial<Record<MediumKind, number>>;
  /** Several texts and files of one call become one vector. */
  fuses?: boolean;
  /** It is never told to. */
  fusesAlways?: true;
  /** The provider cuts longer prompts silently. */
  promptCharacters?: number;
  /** As many of promptCharacters does a Chinese one count; 1 when left out. */
  chineseCounts?: number;
  /** As promptCharacters, where the provider counts tokens. */
  promptTokens?: number;
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
  | {
      per: 'picture';
      amount: number;
      /** What a picture costs that is large (more than 2,250,000 pixels) or whose prompt was extended. */
      higher?: { when: 'large' | 'extended'; amount: number };
      /** What each picture that goes in costs. */
      input?: number;
    }
  | {
      per: 'second';
      amounts: Record<string, number>;
      silentAmounts?: Record<string, number>;
      /** Seconds of each input video that count at most: `[0]` where there is one reference file, `[1]` where there are two, … */
      inputSecondsPerVideo?: number[];
      /** Input videos are billed whole: the most seconds that they can have together. */
      mostInputSeconds?: number;
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
