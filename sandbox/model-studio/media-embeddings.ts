/** `POST …/multimodal-embedding`: unit vectors that depend on the texts and the bytes of the files alone. */
import { createHash } from 'node:crypto';
import { type EmbeddingContext, misbehave, vectorOf } from './embeddings.js';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import type { MediaFetcher } from './media-fetch.js';
import { checkMediaUrl } from './media-rules.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';
import { countTokens, type MediaEmbeddingModel, mediaEmbeddingModels } from './text-models.js';
import type { Uploads } from './uploads.js';

interface MediaEmbeddingContext extends EmbeddingContext {
  media: MediaFetcher;
  uploads: Pick<Uploads, 'resolve'>;
  signal: AbortSignal;
}

type Content = { type: 'text'; text: string } | { type: 'image' | 'video'; field: string; url: string };

const mostContents = 20;
const mostPictures = 5;

function readContent(content: unknown, index: number, { files }: MediaEmbeddingModel): Content {
  const field = `input.contents[${index}]`;
  const [entry, ...others] = isObject(content) ? Object.entries(content) : [];
  if (!entry || others.length > 0 || typeof entry[1] !== 'string' || entry[1] === '') {
    throw refusal.invalidParameter(
      `${field} must have exactly one of text, image, video, and it must be a string.`,
    );
  }
  const [type, value] = entry as [string, string];
  if (type === 'text') return { type, text: value };
  if (type !== 'image' && type !== 'video')
    throw refusal.invalidParameter(`${field}.${type} is not supported.`);
  checkMediaUrl(`${field}.${type}`, value, files[type]);
  return { type, field: `${field}.${type}`, url: value };
}

function readContents(input: unknown, model: MediaEmbeddingModel): Content[] {
  const contents = isObject(input) ? input.contents : undefined;
  if (!Array.isArray(contents) || contents.length === 0) {
    throw refusal.invalidParameter('Field required: input.contents');
  }
  const read = contents.map((content, index) => readContent(content, index, model));
  const count = (type: Content['type']) => read.filter((content) => content.type === type).length;
  if (read.length > mostContents || count('image') > mostPictures || count('video') > 1) {
    throw refusal.invalidParameter(
      `input.contents takes at most ${mostContents} items, ${mostPictures} images and 1 video.`,
    );
  }
  return read;
}

function readParameters(body: Record<string, unknown>, model: MediaEmbeddingModel) {
  const parameters = body.parameters ?? {};
  if (!isObject(parameters)) throw refusal.invalidParameter('parameters must be an object.');
  for (const name of Object.keys(parameters)) {
    if (!['dimension', 'output_type', 'fps', 'instruct', 'enable_fusion'].includes(name)) {
      throw refusal.invalidParameter(`parameters.${name} is not supported.`);
    }
  }
  const dimension = parameters.dimension ?? model.dimensions[0];
  if (!model.dimensions.includes(dimension as number)) {
    throw refusal.invalidParameter(`dimension must be one of ${model.dimensions.join(', ')}.`);
  }
  if (parameters.enable_fusion === true && !model.fuses) {
    throw refusal.invalidParameter('enable_fusion is not supported by this model.');
  }
  return { dimension: dimension as number, fused: parameters.enable_fusion === true };
}

/** Handles one multimodal embedding call. */
export async function handleMediaEmbedding(
  exchange: Exchange,
  context: MediaEmbeddingContext,
): Promise<void> {
  const apiKey = authenticate(exchange.request);
  const { body: sent, text } = await readJson(exchange);
  const body = context.uploads.resolve(sent, exchange, apiKey);
  const name = isObject(body) ? String(body.model) : '';
  const model = Object.hasOwn(mediaEmbeddingModels, name) ? mediaEmbeddingModels[name] : undefined;
  if (!isObject(body) || !model) throw refusal.modelNotFound(`Model can not be found: ${name}.`);
  const contents = readContents(body.input, model);
  const { dimension, fused } = readParameters(body, model);
  const texts = contents.flatMap((content) => (content.type === 'text' ? [content.text] : []));
  misbehave(exchange, texts, text, context);
  const seeds = await Promise.all(
    contents.map(async (content) => {
      if (content.type === 'text') return content.text;
      const use = { field: content.field, url: content.url, rule: model.files[content.type] };
      const { bytes } = await context.media.fetch(use, context.signal);
      return createHash('sha256').update(bytes).digest('hex');
    }),
  );
  const embeddings = fused
    ? [{ index: 0, type: 'fusion', embedding: vectorOf(name, seeds.join('\n'), dimension) }]
    : seeds.map((seed, index) => ({
        ...{ index, type: contents[index]?.type },
        embedding: vectorOf(name, seed, dimension),
      }));
  sendJson(exchange, 200, {
    output: { embeddings },
    usage: usageOf(name, texts, contents),
    request_id: exchange.requestId,
  });
}

/** A picture or clip counts as a flat 256 tokens. How they are told goes by the model. */
function usageOf(name: string, texts: readonly string[], contents: readonly Content[]) {
  const textTokens = texts.reduce((sum, each) => sum + countTokens(each), 0);
  const imageTokens = (contents.length - texts.length) * 256;
  const inputTokens = textTokens + imageTokens;
  const beside = { input_tokens: textTokens, image_tokens: imageTokens };
  if (name.startsWith('qwen3')) return { ...beside, total_tokens: inputTokens };
  if (name.startsWith('qwen2.5')) return beside;
  if (name.startsWith('multimodal'))
    return { ...beside, image_count: contents.length - texts.length, duration: 0 };
  return {
    input_tokens: inputTokens,
    input_tokens_details: { image_tokens: imageTokens, text_tokens: textTokens },
    output_tokens: contents.length,
    total_tokens: inputTokens,
  };
}
