/**
 * How well a document answers a query, by a model that does nothing else; documents for one query go together. https://help.aliyun.com/en/model-studio/text-rerank-api
 */
import { createHash } from 'node:crypto';
import { isObject, type Json, refuse, refuseUnknown } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { isDirectory } from '../../../storage/path.js';
import { type Made, type PackForm, ProviderFailure } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked, Family, StudioRequest, Together } from '../family.js';
import type { ModelType } from '../model-type.js';
import { billOf, wholeOf } from '../price.js';
import { flatRerankPath, rerankTypes } from '../rerank-table.js';
import { readFunctionRequest } from './function-request.js';
import { listFields } from './parameters.js';
import { mostInputTokens } from './token-bounds.js';

const knownParameters = ['instruct'];

export const reranks: Family = {
  task: 'rerank',
  types: rerankTypes,
  fields: () => listFields(['prompt', 'document'], knownParameters),
  check,
};

function check(asked: Asked): StudioRequest {
  const { model, type, text, file } = asked;
  if (file && !isDirectory(file.path))
    refuse('file', file.text, 'left out of a ranking', 'Texts are ranked, no files.');
  const request =
    readFunctionRequest(text, 'document') ??
    refuse(
      'document',
      undefined,
      'a text, in a request of a model that ranks',
      'Write ai_rank(model, query, document), or {"prompt": "the query", "document": "…"}.',
    );
  refuseUnknown(request.parameters, knownParameters, 'parameters of task rerank');
  const { prompt: query, other: document, parameters } = request;
  const common = { model: model.modelType, query, parameters };
  const together = type.path === flatRerankPath ? flat : nested;
  return {
    pack: packOf(common, document, type),
    part: { text: document, common, together },
    ...{ type, scenario: 'text', makes: 'text', output: undefined, notes: [], followed: false, media: [] },
    pretended: '{"dry_run":true}',
    estimate: billOf(type, model.config, mostInputTokens([{ text: query + document }])),
    body: () => together.bodyOf(common, [document]),
    read: (reply) => read(reply, asked),
  };
}

/**
 * A request has room for so many documents, and so many tokens of them and of the query, which counts for each. What is more the provider cuts,
 * and says nothing: a byte may be a token. https://www.alibabacloud.com/help/en/model-studio/text-rerank-api
 */
function packOf(
  common: { query: string },
  document: string,
  { textsPerRequest: most = 1, tokensPerRequest: room = 0 }: ModelType,
): PackForm {
  const bytes = Buffer.byteLength(common.query) + Buffer.byteLength(document);
  const key = createHash('sha256').update(JSON.stringify(common)).digest('base64');
  return { key, takes: Math.max(bytes, Math.ceil(room / most)), room };
}

const ofEither = {
  tokensOf: (reply: Json) => wholeOf(objectAt(reply, 'usage').total_tokens),
  counted: (common: Json, text: string) => `${common.query}${text}`,
};
const resultOf = (results: unknown, index: number) =>
  Array.isArray(results) ? results.filter(isObject).filter((each) => each.index === index) : [];

const flat: Together = {
  ...ofEither,
  bodyOf: ({ model, query, parameters }, documents) => ({
    ...{ model, query, documents },
    ...(parameters as Json),
  }),
  ownOf: (reply, index, tokens) => ({
    ...reply,
    results: resultOf(reply.results, index),
    usage: { total_tokens: tokens },
  }),
};

const nested: Together = {
  ...ofEither,
  bodyOf: ({ model, query, parameters }, documents) => ({ model, input: { query, documents }, parameters }),
  ownOf: (reply, index, tokens) => ({
    ...reply,
    output: { results: resultOf(objectAt(reply, 'output').results, index) },
    usage: { total_tokens: tokens },
  }),
};

function read(reply: Reply, { model, type }: Asked): Made {
  const { body, requestId } = reply;
  const usage = objectAt(body, 'usage');
  const inputTokens = wholeOf(usage.total_tokens);
  const score = scoreOf(body);
  return {
    ...{ requestId, urls: [], usage, task: undefined, notes: [] },
    text: score === undefined ? undefined : JSON.stringify({ score }),
    ...(score === undefined && { error: noScore(requestId) }),
    bill: billOf(type, model.config, inputTokens === undefined ? {} : { inputTokens }),
  };
}

function scoreOf(body: Json): number | undefined {
  const { results } = Array.isArray(body.results) ? body : objectAt(body, 'output');
  const [first] = Array.isArray(results) ? results.filter(isObject) : [];
  const score = first?.relevance_score;
  return typeof score === 'number' && Number.isFinite(score) ? score : undefined;
}

function noScore(requestId: string): ProviderFailure {
  return new ProviderFailure({
    kind: 'providerFailure',
    code: 'NoAnswer',
    message: 'Model Studio answered without a score',
    ...{ repeat: 'again', requestId },
  });
}
