/** How well a document answers a query, by a model that does nothing else. https://help.aliyun.com/en/model-studio/text-rerank-api */
import { isObject, type Json, refuse, refuseUnknown } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { isDirectory } from '../../../storage/path.js';
import { type Made, ProviderFailure } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked, Family, StudioRequest } from '../family.js';
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
  const input = { query, documents: [document] };
  return {
    ...{ type, scenario: 'text', makes: 'text', output: undefined, notes: [], followed: false, media: [] },
    pretended: '{"dry_run":true}',
    estimate: billOf(type, model.config, mostInputTokens([{ text: query + document }])),
    body: () =>
      type.path === flatRerankPath
        ? { model: model.modelType, ...input, ...parameters }
        : { model: model.modelType, input, parameters },
    read: (reply) => read(reply, asked),
  };
}

function read(reply: Reply, { model, type }: Asked): Made {
  const { body, requestId } = reply;
  const usage = objectAt(body, 'usage');
  const inputTokens = wholeOf(usage.total_tokens);
  const score = scoreOf(body);
  return {
    ...{ requestId, urls: [], usage, task: undefined, failed: false, notes: [] },
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
