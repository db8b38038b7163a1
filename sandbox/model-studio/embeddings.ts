/** `POST /compatible-mode/v1/embeddings`: unit vectors that depend on the text alone. */
import { createHash } from 'node:crypto';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { inspectPrompt } from './generate.js';
import { type Markers, readMarkers } from './markers.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';
import { countTokens, embeddingModels } from './text-models.js';

/** The same of the same: a unit vector. */
export function vectorOf(model: string, text: string, dimensions: number): number[] {
  const values: number[] = [];
  for (let block = 0; values.length < dimensions; block += 1) {
    const digest = createHash('sha256').update(`${model}\n${block}\n${text}`).digest();
    for (let offset = 0; offset < 32 && values.length < dimensions; offset += 4) {
      values.push(digest.readInt32BE(offset) / 2 ** 31);
    }
  }
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function readTexts(input: unknown, maxTexts: number): string[] {
  const texts = typeof input === 'string' ? [input] : input;
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every((text) => typeof text === 'string')) {
    throw refusal.invalidParameter('input must be a string or an array of strings.');
  }
  if (texts.length > maxTexts) {
    throw refusal.invalidParameter(`batch size is invalid, it should not be larger than ${maxTexts}.`);
  }
  if (texts.some((text) => text === '')) throw refusal.invalidParameter('input must not be empty.');
  return texts;
}

export interface EmbeddingContext {
  throttle(body: string, markers: Markers): void;
}

/** What the markers of the texts ask for. */
export function misbehave(
  exchange: Exchange,
  texts: readonly string[],
  body: string,
  { throttle }: EmbeddingContext,
): void {
  const markers = readMarkers(texts.join('\n'));
  throttle(body, markers);
  exchange.dropAnswer ||= markers.drop;
  inspectPrompt(markers);
  if (markers.fail || markers.failSilently) throw refusal.internalError('An internal error has occured.');
}

interface Wish {
  model: string;
  texts: string[];
  dimensions: number;
}

function readWish(name: unknown, input: unknown, given: unknown, field: string): Wish {
  if (typeof name !== 'string') throw refusal.invalidParameter('you must provide a model parameter');
  const model = Object.hasOwn(embeddingModels, name) ? embeddingModels[name] : undefined;
  if (!model)
    throw refusal.modelNotFound(`The model \`${name}\` does not exist or you do not have access to it.`);
  const dimensions = given ?? model.defaultDimensions;
  if (!model.dimensions.includes(dimensions as number))
    throw refusal.invalidParameter(`${field} must be one of ${model.dimensions.join(', ')}.`);
  return { model: name, texts: readTexts(input, model.maxTexts), dimensions: dimensions as number };
}

const tokensOf = (texts: string[]) => texts.reduce((sum, text) => sum + countTokens(text), 0);

/** As 32-bit floats, least significant byte first, which is what OpenAI's own clients ask for. */
function base64Of(vector: number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/** Handles one embeddings call of the compatible form. */
export async function handleEmbeddings(exchange: Exchange, context: EmbeddingContext): Promise<void> {
  authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  if (!isObject(body)) throw refusal.invalidParameter('you must provide a model parameter');
  const { model, texts, dimensions } = readWish(body.model, body.input, body.dimensions, 'dimensions');
  const format = body.encoding_format ?? 'float';
  if (format !== 'float' && format !== 'base64')
    throw refusal.invalidParameter('encoding_format must be float or base64.');
  misbehave(exchange, texts, text, context);
  const tokens = tokensOf(texts);
  sendJson(exchange, 200, {
    object: 'list',
    data: texts.map((text, index) => {
      const vector = vectorOf(model, text, dimensions);
      return { object: 'embedding', index, embedding: format === 'float' ? vector : base64Of(vector) };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    id: exchange.requestId,
  });
}

/** Handles one embeddings call of the native form. */
export async function handleNativeEmbeddings(exchange: Exchange, context: EmbeddingContext): Promise<void> {
  authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  const { model: name, input, parameters = {} } = Object(body) as Record<string, unknown>;
  if (!isObject(input)) throw refusal.invalidParameter('input must be an object.');
  if (!isObject(parameters)) throw refusal.invalidParameter('parameters must be an object.');
  const { text_type: kind = 'document', output_type: form = 'dense', dimension } = parameters;
  if (kind !== 'document' && kind !== 'query')
    throw refusal.invalidParameter("parameters.text_type must be 'document' or 'query'.");
  if (form !== 'dense')
    throw refusal.invalidParameter("parameters.output_type must be 'dense' in the sandbox.");
  const { model, texts, dimensions } = readWish(name, input.texts, dimension, 'parameters.dimension');
  misbehave(exchange, texts, text, context);
  const embeddings = texts.map((each, text_index) => ({
    text_index,
    embedding: vectorOf(model, each, dimensions),
  }));
  const usage = { total_tokens: tokensOf(texts) };
  sendJson(exchange, 200, { output: { embeddings }, usage, request_id: exchange.requestId });
}
