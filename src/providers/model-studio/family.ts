/** A family of model types: those whose requests, bodies, replies and prices have one form. Each is one file in requests/. */
import type { Json } from '../../json.js';
import type { FileValue } from '../../storage/file-value.js';
import type { Places } from '../../storage/storage.js';
import type { CheckedRequest, Made, ModelTypeRow, ProviderModel } from '../provider.js';
import type { Reply } from './connection.js';
import type { ModelType, Task } from './model-type.js';

export interface Family {
  /** What its types are deployed for. */
  task: Task;
  /** Its rows of the model table, by the provider's names. */
  types: Record<string, ModelType>;
  /** Types that are too many to list and share one form: any name deployed for the task is one of them. */
  anyOther?: { type: ModelType; describedAs: string };
  /** What a request to a type may say, for people: its fields, then its parameters. */
  fields(type: ModelType): string;
  /** Reads a request and refuses what the provider would; KnownError 22023 or 22P02. */
  check(asked: Asked): StudioRequest;
}

/** A request as the user wrote it, and whom it is for. */
export interface Asked {
  model: ProviderModel;
  type: ModelType;
  text: string;
  file: FileValue | undefined;
  /** Reads what the request says about places. */
  places: Places;
  /** For hints that name another type. */
  known: KnownTypes;
}

/** How requests of a family go together: their texts in one body, and the reply to all parted again. */
export interface Together {
  bodyOf(common: Json, texts: string[]): Json;
  /** Undefined: the reply does not tell. */
  tokensOf(reply: Json): number | undefined;
  /** What is counted for one of the texts. */
  counted(common: Json, text: string): string;
  /** Of the reply what belongs to one text, as if it had been alone. */
  ownOf(reply: Json, index: number, tokens: number | undefined): Json;
}

/** As it stands in the catalogue. */
export type Deployed = Omit<ProviderModel, 'apiKey' | 'name'>;

/** The model types of all families together. */
export interface KnownTypes {
  /**
   * The rules of a deployed model's type, and the family that reads its requests; undefined when hologen does not know it and its config
   * names none that it is like. KnownError 22023 for a config that does not fit.
   */
  typeOf(model: Deployed): { type: ModelType; family: Family } | undefined;
  /** As typeOf; an unknown type is a KnownError 0A000 that names the nearest ones. */
  require(model: Deployed): { type: ModelType; family: Family };
  /** The only task that a type of the table can do; undefined for names that are not in it. */
  taskOf(name: string): Task | undefined;
  /** The task that a name speaks of; undefined where it speaks of none. */
  taskByName(name: string): Task | undefined;
  /** The first five of the types that a hint may offer. */
  names(fits: (type: ModelType) => boolean): string[];
  /** The rows of hologen.supported_models; of deployed types those that only a config describes. */
  describe(deployed: readonly Deployed[]): ModelTypeRow[];
}

/** A request that can be sent to Model Studio. */
export interface StudioRequest extends CheckedRequest {
  type: ModelType;
  /** What is posted, once the media have addresses: in the order of `media`. */
  body(addresses: string[]): Json;
  /** The reply that has the result, read. A ProviderFailure when the provider could not make it. */
  read(reply: Reply): Made;
  /** Of one that may go with others: the text that is its part of the common body, `body` without it. */
  part?: { text: string; common: Json; together: Together } | undefined;
  /** Where the result is a document behind the made address: what is made of it. */
  finish?(made: Made, document: Json): Made;
}
