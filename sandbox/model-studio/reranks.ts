/**
 * `POST /compatible-api/v1/reranks` and `…/text-rerank/text-rerank`: how many of the query's words stand in a document is how well it answers.
 */
import { type EmbeddingContext, misbehave } from './embeddings.js';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';
import { countTokens } from './text-models.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** What a request may carry. Of more tokens the provider cuts some and says nothing; here that is an error, as nobody wants it. */
const limits: Record<string, { documents: number; tokens: number }> = {
  'qwen3-rerank': { documents: 500, tokens: 120_000 },
  'qwen3-vl-rerank': { documents: 100, tokens: 120_000 },
  'gte-rerank-v2': { documents: 500, tokens: 30_000 },
};
const flatModels = ['qwen3-rerank'];
const nativeModels = ['qwen3-vl-rerank', 'gte-rerank-v2'];

/** Handles a ranking whose query stands beside the model. */
export async function handleRerank(exchange: Exchange, context: EmbeddingContext): Promise<void> {
  const { body, text } = await readBody(exchange, flatModels);
  const { results, tokens } = rank(exchange, body, text, context);
  sendJson(exchange, 200, {
    ...{ object: 'list', results, model: body.model, id: exchange.requestId },
    usage: { total_tokens: tokens },
  });
}

/** Handles one of the provider's own form: input and parameters. */
export async function handleNativeRerank(exchange: Exchange, context: EmbeddingContext): Promise<void> {
  const { body, text } = await readBody(exchange, nativeModels);
  if (!isObject(body.input)) throw refusal.invalidParameter('Field required: input');
  const parameters = isObject(body.parameters) ? body.parameters : {};
  const asked = { ...body.input, top_n: parameters.top_n, model: body.model };
  const { results, tokens } = rank(exchange, asked, text, context);
  sendJson(exchange, 200, {
    output: { results },
    usage: { total_tokens: tokens },
    request_id: exchange.requestId,
  });
}

async function readBody(exchange: Exchange, models: readonly string[]) {
  authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  if (!isObject(body) || !models.includes(String(body.model)))
    throw refusal.modelNotFound(`Model can not be found: ${isObject(body) ? String(body.model) : ''}.`);
  return { body: body as JsonObject, text };
}

function rank(
  exchange: Exchange,
  { model, query, documents, top_n }: JsonObject,
  body: string,
  context: EmbeddingContext,
) {
  if (typeof query !== 'string' || query === '') throw refusal.invalidParameter('Field required: query');
  if (!Array.isArray(documents) || documents.length === 0)
    throw refusal.invalidParameter('Field required: documents');
  const most = limits[String(model)] ?? { documents: 0, tokens: 0 };
  if (
    documents.length > most.documents ||
    !documents.every((each) => typeof each === 'string' && each !== '')
  )
    throw refusal.invalidParameter(`documents must be 1 to ${most.documents} strings that are not empty.`);
  if (top_n !== undefined && !(Number.isInteger(top_n) && (top_n as number) > 0))
    throw refusal.invalidParameter('top_n must be a positive integer.');
  const tokens = documents.reduce((sum, each) => sum + countTokens(query) + countTokens(each), 0);
  if (documents.length > 1 && tokens > most.tokens)
    throw refusal.invalidParameter(`query and documents must have at most ${most.tokens} tokens together.`);
  misbehave(exchange, [query, ...documents], body, context);
  const scored = documents.map((each, index) => ({ index, relevance_score: scoreOf(query, each) }));
  const results = scored.sort((a, b) => b.relevance_score - a.relevance_score);
  return { results: results.slice(0, (top_n as number | undefined) ?? results.length), tokens };
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

function scoreOf(query: string, document: string): number {
  const [asked, said] = [wordsOf(query), wordsOf(document)];
  return asked.size === 0 ? 0 : [...asked].filter((word) => said.has(word)).length / asked.size;
}
