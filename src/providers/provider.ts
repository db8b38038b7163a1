/**
 * The port of a provider: what a call's life may ask of whoever makes pictures, videos and texts. Each driver has a folder beside this file.
 *
 * Room: src/providers holds the port to whoever generates, and a folder a provider; nothing outside a folder knows its words.
 */
import type { ErrorKind } from '../errors.js';
import { KnownError } from '../errors.js';
import type { Json } from '../json.js';
import type { MediumKind } from '../media/kinds.js';
import type { FileValue } from '../storage/file-value.js';
import type { StoragePath } from '../storage/path.js';
import type { OpenedSource, Places } from '../storage/storage.js';

/** What a driver is told of a deployed model. */
export interface ProviderModel {
  /** The SQL name, for messages. */
  name: string;
  /** The provider's own name. */
  modelType: string;
  task: string;
  /** Undefined: the driver's default key, or those of a pool. */
  apiKey: string | undefined;
  /** Those of `pool` in the config, in its order. */
  poolKeys?: readonly string[] | undefined;
  /** The name of the key in the pool that is to be used; asked for by all that speaks to the provider. */
  key?: string | undefined;
  config: Json;
}

/** What the provider counts. A field is there only where the type is billed by it and the number is known. */
export interface Units {
  pictures?: number;
  /** Pictures that go in, where they are billed. */
  inputPictures?: number;
  /** True where pictures cost the higher price that the type has: they are large, or their prompt was extended. */
  higher?: boolean;
  /** Of video; seconds of input videos included where they are billed. Of sound: those in which somebody speaks. */
  seconds?: number;
  /** The class that seconds are billed by: 480P, 720P, 1080P. */
  resolution?: string;
  /** True where the type has a lower price for video without sound, and there is none. */
  silent?: boolean;
  inputTokens?: number;
  outputTokens?: number;
  /** Of the input tokens those that the provider had from an earlier call, and those of sounds and of pictures and videos. */
  cachedTokens?: number;
  soundTokens?: number;
  pictureTokens?: number;
  /** In the web, for the answer: at most so many. */
  searches?: number;
  /** True where the model thought before it answered. */
  thought?: boolean;
}

export interface Cost {
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** What a call costs: `cost` is undefined where the number of units or their price is not known. */
export interface Bill {
  units: Units;
  cost: Cost | undefined;
}

/** An object that the provider is to read. */
export interface Medium {
  /** Where the request names it, e.g. `reference_urls[1]`. */
  field: string;
  /** As the user wrote it. */
  text: string;
  /** Undefined: `text` is an address that the provider reads by itself, https: or data:. */
  path: StoragePath | undefined;
  /** What it may be. */
  kinds: MediumKind[];
  /** The FILE that gives the right to it; undefined: the call's own. */
  file: FileValue | undefined;
  /** The largest that is taken, where that is not what its kind usually may have. */
  mostMebibytes?: number;
  /** Any form of its kind is taken, not just those that the makers of pictures and videos read. */
  anyForm?: boolean;
}

/** Requests of one model and of the same key may be sent together, as long as what each takes of the room fits in. */
export interface PackForm {
  key: string;
  takes: number;
  room: number;
}

/**
 * A request that can be sent. Drivers add what they need to send it, and write it as one literal: thousands wait at once, and an object that
 * is spread together takes four times the memory.
 */
export interface CheckedRequest {
  scenario: string;
  /** Decides what the result looks like. */
  makes: 'pictures' | 'video' | 'text';
  /** `submit` takes their addresses in this order. */
  media: Medium[];
  /** Where what is made is to be saved. */
  output: StoragePath | undefined;
  /** Their names without the ending; {i} stands for their number, {request} for the id. Undefined: the usual ones. */
  fileName?: string | undefined;
  /** What the request calls its row: for people, never sent. */
  label?: string | undefined;
  /** What the user should know although the request is good. */
  notes: string[];
  /** Once taken it has a task, which can be followed, and found again when its answer was lost. */
  followed: boolean;
  /** What it will come to, if it succeeds; of texts the most that it can. */
  estimate: Bill;
  /** Undefined: the estimate is known without the media. Else it is reckoned again with how long each of them is, where its file says so. */
  measure?: ((seconds: (number | undefined)[]) => Bill) | undefined;
  /** Undefined: it is sent alone. */
  pack?: PackForm | undefined;
  /** True: the type surely does not read the media, and the provider will say so. It is not chosen where no model is named. */
  misfit?: boolean;
  /** What a text that is not made looks like, in a dry run, where what stands around the call takes only a text of its form. */
  pretended?: string | undefined;
}

/** A text, or the place of a file among the made ones. */
export type MadePart = { text: string } | { picture: number };

/** The provider's last word on a call that succeeded, or on a task that failed. */
export interface Made {
  requestId: string;
  /** Temporary addresses of the files, in order. */
  urls: string[];
  /** Of a request that makes text. */
  text: string | undefined;
  /** Of texts and pictures in turn. */
  parts?: MadePart[];
  usage: Json;
  bill: Bill;
  /** Facts of the task, in the names that Hologres documents. */
  task: Json | undefined;
  /** Why the task came to nothing, which Hologres tells as a value. */
  failure?: KnownError;
  /** The answer came and is billed, and has no result in it: why. */
  error?: KnownError;
  notes: string[];
}

/** The provider took the call and works on it. */
export interface Task {
  taskId: string;
  /** Of the submit. */
  requestId: string;
}

/** What a look at a task shows. A look that fails says nothing about the task. forgotten: the provider does not know it (any more). */
export type Look =
  | { state: 'goes on' }
  | { state: 'made'; made: Made }
  | { state: 'failed' | 'cancelled' | 'forgotten'; error: KnownError };

/** A submit whose answer was lost. */
export interface LostSubmit {
  /** Undefined: not known. */
  sentAt: Date | undefined;
  /** What the provider called it, where it answered but named no task. */
  requestId: string | undefined;
}

/**
 * What became of a lost submit. found: this task is its own, by proof: its request id, or all that went in. goes on: that cannot be told yet.
 * lost: nobody will ever be able to tell whether it was taken; the error says `mayBeTaken`.
 */
export type Found =
  | { state: 'found'; task: Task }
  | { state: 'goes on' }
  | { state: 'lost'; error: ProviderFailure };

/** Told while a submit is under way; each must resolve before the next step. */
export interface SubmitNews {
  /** From here on the provider may have taken the call. */
  sending(): Promise<void>;
  /** The provider took it; a task can be followed from now on, by whoever finds it written down. */
  taken(requestId: string, taskId: string | undefined): Promise<void>;
}

export interface SubmitLimits {
  submitsPerSecond: number;
  /** null: none. */
  concurrentTasks: number | null;
}

/** Where calls of a model wait: those of one account and model type and of the same limits share a line. */
export interface Line {
  account: string;
  /** Its name in the model's pool; undefined: the model has one key. */
  key: string | undefined;
  limits: SubmitLimits;
  /** Those of `limits` that the deployed model's config sets; they hold also where the others are switched off. */
  own: Partial<SubmitLimits>;
}

/** The fields of image.generate for which not every model has a place. */
export type ImageField = 'negative_prompt' | 'size' | 'seed' | 'reference_image';

/** A row of hologen.supported_models. */
export type ModelTypeRow = Record<string, unknown>;

export interface Provider<Request extends CheckedRequest = CheckedRequest> {
  /** What `model_provider` may call it; the first is its own name. */
  readonly names: readonly string[];
  /** What a model may be deployed for. */
  readonly tasks: readonly string[];
  /** KnownError 22023 for a deployment that could not be called: type, task, config. */
  checkDeployment(model: Omit<ProviderModel, 'apiKey'>): void;
  /** KnownError 22023 for a text that is no API key of this provider. */
  checkKey(apiKey: string): void;
  /** What can be deployed; types that only a deployment's config describes are among them. */
  modelTypes(deployed: readonly Omit<ProviderModel, 'apiKey'>[]): ModelTypeRow[];
  /** The row of a deployed model's type, with what the model itself costs; undefined for a type that is not known any more. */
  describe(model: Omit<ProviderModel, 'apiKey'>): ModelTypeRow | undefined;
  /** Reads a request and refuses what the provider would: KnownError 22023, 22P02, 0A000. Asks nobody. */
  check(model: ProviderModel, request: string, file: FileValue | undefined, places: Places): Request;
  /** Which fields of image.generate a request to this model may have. KnownError 0A000 for a type that is not known. */
  imageFields(model: ProviderModel): readonly ImageField[];
  /** One for each key that the model has, in the order in which they are to be taken. KnownError 28H01 when there is no API key. */
  lines(model: ProviderModel): Line[];
  /**
   * Sends the request once, with the addresses of its media. Errors are ProviderFailures, which tell what they mean for the call; news
   * that reject end it with their error.
   */
  submit(model: ProviderModel, request: Request, addresses: string[], news: SubmitNews): Promise<Task | Made>;
  /**
   * Sends requests that may go together, none of which has media, and gives what was made of each, in their order. Errors as of `submit`: they
   * are all of theirs.
   */
  submitTogether?(model: ProviderModel, requests: Request[]): Promise<{ requestId: string; made: Made[] }>;
  look(model: ProviderModel, request: Request, taskId: string, signal: AbortSignal): Promise<Look>;
  /** Milliseconds from one look at a task to the next, when it has been running for so long. */
  pauseMs(runningMs: number): number;
  /** True: the task is cancelled and costs nothing. False: it goes on, or nobody can say. */
  cancel(model: ProviderModel, taskId: string, signal: AbortSignal): Promise<boolean>;
  /** Looks for the task that a submit became. A search that fails says nothing about the call. */
  find(model: ProviderModel, request: Request, lost: LostSubmit): Promise<Found>;
  download(url: string, signal: AbortSignal): Promise<OpenedSource>;
  close(): Promise<void>;
}

/** The provider's last word has no task. */
export function isMade(answer: Task | Made): answer is Made {
  return 'bill' in answer;
}

/**
 * Whether the same request may be sent again. no: it fails again. wait: the provider is busy with us, not an attempt. again: the provider
 * failed and said so. once: worth one more try.
 */
export type Repeat = 'no' | 'wait' | 'again' | 'once';

/** The code of an answer that has nothing in it and tells no reason. */
export const nothingMade = 'NothingMade';

/** An error that says what it means for the call. */
export class ProviderFailure extends KnownError {
  /** The provider's own code, or ours for what never reached it. */
  readonly code: string;
  readonly repeat: Repeat;
  /** True: the call may have been taken and billed all the same. */
  readonly mayBeTaken: boolean;
  readonly requestId: string;
  /** What the provider asked us to wait, if it did. */
  readonly retryAfterMs: number | undefined;

  constructor(fields: {
    kind: ErrorKind;
    code: string;
    message: string;
    hint?: string;
    repeat: Repeat;
    mayBeTaken?: boolean;
    requestId: string;
    retryAfterMs?: number;
    cause?: unknown;
  }) {
    super({
      kind: fields.kind,
      message: fields.message,
      detail: fields.requestId ? `Provider request id: ${fields.requestId}.` : undefined,
      hint: fields.hint,
      retryable: fields.repeat !== 'no',
      cause: fields.cause,
    });
    this.code = fields.code;
    this.repeat = fields.repeat;
    this.mayBeTaken = fields.mayBeTaken ?? false;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
  }
}
