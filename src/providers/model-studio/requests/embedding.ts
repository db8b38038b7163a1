/** Embeddings: one text, given back as a vector in the text form of a PostgreSQL array. */
import { KnownError } from '../../../errors.js';
import { isObject, objectAt } from '../../../json.js';
import { type Made, ProviderFailure } from '../../provider.js';
import type { Reply } from '../connection.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { embeddingType } from '../model-table.js';
import { billOf, tokensOf } from '../price.js';
import { type MessagePart, readTextRequest, textOfParts } from './prompt-template.js';
import { mostInputTokens } from './token-bounds.js';

export const embeddings: Family = {
  task: 'embedding',
  types: {},
  anyOther: { type: embeddingType, describedAs: '(any embedding model)' },
  check,
};

const knownParameters = ['dimensions'];

function check({ model, type, text, file, places }: Asked): StudioRequest {
  const { parts, parameters } = readTextRequest(text, file, {
    knownParameters,
    task: embeddings.task,
    places,
  });
  refuseFiles(parts);
  return {
    ...{ type, scenario: 'embedding', makes: 'text', output: undefined, notes: [], followed: false },
    media: [],
    estimate: billOf(type, model.config, mostInputTokens(parts)),
    body: () => ({ model: model.modelType, input: textOfParts(parts), ...parameters }),
    read: (reply) => read(reply, type, model),
  };
}

function refuseFiles(parts: MessagePart[]): void {
  const part = parts.find((each) => 'file' in each);
  if (!part || !('file' in part)) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `an embedding model reads text alone, and the call passes the file ${part.file.text}`,
    hint: 'Leave the FILE out.',
  });
}

function read(reply: Reply, type: Asked['type'], model: Asked['model']): Made {
  const { requestId } = reply;
  const usage = objectAt(reply.body, 'usage');
  const vector = vectorOf(reply);
  const message = 'Model Studio answered without an embedding';
  const repeat = 'again' as const;
  return {
    ...{ requestId, urls: [], usage, task: undefined, failed: false, notes: [] },
    ...(vector
      ? // Users cast it: ai_gen(…)::float4[].
        { text: `{${vector.join(',')}}` }
      : {
          text: undefined,
          error: new ProviderFailure({
            kind: 'providerFailure',
            code: 'NoAnswer',
            message,
            repeat,
            requestId,
          }),
        }),
    bill: billOf(type, model.config, tokensOf(usage)),
  };
}

function vectorOf({ body }: Reply): number[] | undefined {
  const [data] = Array.isArray(body.data) ? body.data.filter(isObject) : [];
  const vector = data?.embedding;
  const fits = Array.isArray(vector) && vector.length > 0 && vector.every((value) => Number.isFinite(value));
  return fits ? vector : undefined;
}
