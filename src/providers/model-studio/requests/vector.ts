/** What all embeddings have in common: the length asked for, and the vector as the text form of a PostgreSQL array. */
import { type Json, optionalInteger, refuse } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { type Made, ProviderFailure, type Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked } from '../family.js';
import { billOf, wholeOf } from '../price.js';

/** The length in `parameters.dimensions`, if one is asked for that the provider has to be told: types of a single length have no parameter for it. */
export function readDimensions(parameters: Json, { type, model }: Asked): number | undefined {
  const most: [number, number] = [1, 1_000_000];
  const dimensions = optionalInteger(parameters, 'dimensions', most, 'parameters.dimensions');
  const { dimensions: lengths } = type;
  if (dimensions !== undefined && lengths && !lengths.includes(dimensions))
    refuse('parameters.dimensions', dimensions, `one of ${lengths.join(', ')} for ${model.modelType}`);
  return lengths?.length === 1 ? undefined : dimensions;
}

/** A vector of the right length stands in for one that is not made: columns of pgvector take no other. */
export function pretendedVector({ type }: Asked, dimensions: number | undefined): string {
  return arrayText(new Array<number>(dimensions ?? type.dimensions?.[0] ?? 0).fill(0));
}

/** Users cast it: ai_gen(…)::float4[]. */
export function arrayText(vector: readonly number[]): string {
  return `{${vector.join(',')}}`;
}

export function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isFinite(each));
}

/** `text`: what is given back; undefined: the reply has no vector in it. */
export function madeVector(
  { body, requestId }: Reply,
  text: string | undefined,
  { type, model }: Asked,
): Made {
  const usage = objectAt(body, 'usage');
  return {
    ...{ requestId, urls: [], usage, text, task: undefined, notes: [] },
    ...(text === undefined && { error: noVector(requestId) }),
    bill: billOf(type, model.config, embeddedTokens(usage)),
  };
}

/**
 * What went in: a vector is no output, whatever is counted as such. Some types tell pictures and videos beside the texts, others among them, and one
 * page shows the first in a form that is meant for the second (Model Studio, "Multimodal-Embedding API").
 */
function embeddedTokens(usage: Json): Units {
  const told = wholeOf(usage.prompt_tokens) ?? wholeOf(usage.input_tokens);
  const details = objectAt(usage, 'input_tokens_details');
  const beside = wholeOf(usage.image_tokens);
  const seen = beside ?? (wholeOf(details.image_tokens) ?? 0) + (wholeOf(details.video_tokens) ?? 0);
  if (told === undefined) return {};
  const inputTokens = beside !== undefined || seen > told ? told + seen : told;
  return { inputTokens, ...(seen > 0 && { pictureTokens: seen }) };
}

function noVector(requestId: string): ProviderFailure {
  return new ProviderFailure({
    kind: 'providerFailure',
    code: 'NoAnswer',
    message: 'Model Studio answered without an embedding',
    ...{ repeat: 'again', requestId },
  });
}
