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

/** Handles one embeddings call. */
export async function handleEmbeddings(exchange: Exchange, context: EmbeddingContext): Promise<void> {
  authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  if (!isObject(body) || typeof body.model !== 'string') {
    throw refusal.invalidParameter('you must provide a model parameter');
  }
  const model = Object.hasOwn(embeddingModels, body.model) ? embeddingModels[body.model] : undefined;
  if (!model) {
    throw refusal.modelNotFound(
      `The model \`${body.model}\` does not exist or you do not have access to it.`,
    );
  }
  const dimensions = body.dimensions ?? model.defaultDimensions;
  if (!model.dimensions.includes(dimensions as number)) {
    throw refusal.invalidParameter(`dimensions must be one of ${model.dimensions.join(', ')}.`);
  }
  if (body.encoding_format !== undefined && body.encoding_format !== 'float') {
    throw refusal.invalidParameter('encoding_format must be float.');
  }
  const texts = readTexts(body.input, model.maxTexts);
  misbehave(exchange, texts, text, context);
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  sendJson(exchange, 200, {
    object: 'list',
    data: texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: vectorOf(String(body.model), text, dimensions as number),
    })),
    model: body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    id: exchange.requestId,
  });
}
