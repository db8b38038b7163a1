/** Embeddings of text: one vector, or how near two texts are to each other. Calls of one type go together, as many as a request may carry. */
import { KnownError } from '../../../errors.js';
import { isObject, type Json, optionalObject, refuse, refuseUnknown } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import type { Reply } from '../connection.js';
import { embeddingType, embeddingTypes } from '../embedding-table.js';
import type { Asked, Family, StudioRequest, Together } from '../family.js';
import { billOf, wholeOf } from '../price.js';
import { listFields } from './parameters.js';
import { type MessagePart, readTextRequest, refuseOthersForm, textOfParts } from './prompt-template.js';
import { mostInputTokens } from './token-bounds.js';
import { arrayText, isVector, madeVector, pretendedVector, readDimensions } from './vector.js';

export const embeddings: Family = {
  task: 'embedding',
  types: embeddingTypes,
  anyOther: { type: embeddingType, describedAs: '(any embedding model)' },
  fields: () => listFields(['prompt', 'args'], knownParameters),
  check,
};

const knownParameters = ['dimensions'];

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const { texts, parameters } = readTexts(asked);
  const dimensions = readDimensions(parameters, asked);
  const common = { model: model.modelType, ...(dimensions !== undefined && { dimensions }) };
  const alone = texts.length === 1;
  const { textsPerRequest: most = 1 } = type;
  const packed = alone && most > 1;
  return {
    pack: packed ? { key: JSON.stringify(common), takes: 1, room: most } : undefined,
    part: packed ? { text: String(texts[0]), common, together } : undefined,
    type,
    scenario: 'embedding',
    makes: 'text',
    output: undefined,
    notes: [],
    followed: false,
    media: [],
    estimate: billOf(type, model.config, mostInputTokens(texts.map((each) => ({ text: each })))),
    pretended: alone ? pretendedVector(asked, dimensions) : '0',
    body: () => together.bodyOf(common, texts),
    read: (reply) => madeVector(reply, alone ? vectorText(reply) : nearness(reply), asked),
  };
}

const together: Together = {
  bodyOf: (common, texts) => ({ ...common, input: texts.length === 1 ? texts[0] : texts }),
  tokensOf: (reply) => wholeOf(objectAt(reply, 'usage').prompt_tokens),
  counted: (_common, text) => text,
  ownOf(reply, index, tokens) {
    const data = Array.isArray(reply.data) ? reply.data.filter(isObject) : [];
    const own = data.filter((each) => each.index === index).map((each) => ({ ...each, index: 0 }));
    const usage = tokens === undefined ? {} : { prompt_tokens: tokens, total_tokens: tokens };
    return { ...reply, data: own, usage };
  },
};

/** `{"texts": [a, b]}` asks how near two texts are: what ai_similarity writes. */
function readTexts({ text, file, places }: Asked): { texts: string[]; parameters: Json } {
  const pair = readPair(text);
  if (pair) return pair;
  refuseOthersForm(
    text,
    'data',
    'an embedding model of this type reads text alone, and the call passes a picture',
    'Use a model of type qwen3-vl-embedding.',
  );
  const form = { knownParameters, task: embeddings.task, places };
  const { parts, parameters } = readTextRequest(text, file, form);
  refuseFiles(parts);
  return { texts: [textOfParts(parts)], parameters };
}

function readPair(text: string): { texts: string[]; parameters: Json } | undefined {
  if (!text.startsWith('{')) return undefined;
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(request) || 'prompt' in request || !('texts' in request)) return undefined;
  refuseUnknown(request, ['texts', 'parameters'], 'a request for the nearness of two texts');
  const { texts } = request;
  const isPair =
    Array.isArray(texts) &&
    texts.length === 2 &&
    texts.every((each) => typeof each === 'string' && each !== '');
  if (!isPair) return refuse('texts', texts, 'an array of two texts that are not empty');
  const parameters = optionalObject(request, 'parameters');
  refuseUnknown(parameters, knownParameters, `parameters of task ${embeddings.task}`);
  return { texts, parameters };
}

function refuseFiles(parts: MessagePart[]): void {
  const part = parts.find((each) => 'file' in each);
  if (!part || !('file' in part)) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `an embedding model reads text alone, and the call passes the file ${part.file.text}`,
    hint: 'Leave the FILE out, or use a model of type qwen3-vl-embedding.',
  });
}

/** The vectors of a reply, in the order of the texts; undefined where one is missing. */
function vectorsOf({ body }: Reply, count: number): (number[] | undefined)[] {
  const data = Array.isArray(body.data) ? body.data.filter(isObject) : [];
  return Array.from({ length: count }, (_, index) => {
    const { embedding } = data.find((each) => (each.index ?? 0) === index) ?? {};
    return isVector(embedding) ? embedding : undefined;
  });
}

function vectorText(reply: Reply): string | undefined {
  const [vector] = vectorsOf(reply, 1);
  return vector && arrayText(vector);
}

/** The cosine of two vectors: 1 for the same direction. */
function nearness(reply: Reply): string | undefined {
  const [first, second] = vectorsOf(reply, 2);
  if (!first || !second || first.length !== second.length) return undefined;
  const product = first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);
  const cosine = product / (Math.hypot(...first) * Math.hypot(...second));
  // Rounding may take it a little beyond.
  return String(Math.max(-1, Math.min(1, cosine)));
}
