/** Several embeddings in one request: their texts as one input, the reply and its tokens parted again. */
import { isObject, type Json, objectAt } from '../../json.js';
import type { Made } from '../provider.js';
import type { Reply } from './connection.js';
import type { StudioRequest } from './family.js';
import { wholeOf } from './price.js';

export function bodyOfAll(requests: StudioRequest[]): Json {
  const texts = textsOf(requests);
  return { ...requests[0]?.part?.common, input: texts.length === 1 ? texts[0] : texts };
}

/** Each request reads its own part of the reply, as if it had been alone. */
export function readEach(requests: StudioRequest[], { body, requestId }: Reply): Made[] {
  const data = Array.isArray(body.data) ? body.data.filter(isObject) : [];
  const shares = sharesOf(wholeOf(objectAt(body, 'usage').prompt_tokens), textsOf(requests));
  return requests.map((request, index) => {
    const own = data.filter((each) => each.index === index).map((each) => ({ ...each, index: 0 }));
    const tokens = shares[index];
    const usage = tokens === undefined ? {} : { prompt_tokens: tokens, total_tokens: tokens };
    return request.read({ body: { ...body, data: own, usage }, requestId });
  });
}

function textsOf(requests: StudioRequest[]): string[] {
  return requests.map(({ part }) => part?.text ?? '');
}

/** The provider counts all tokens together: shared by what the texts come to at a guess, in whole tokens whose sum is the provider's. */
function sharesOf(total: number | undefined, texts: string[]): number[] {
  if (total === undefined) return [];
  const weights = texts.map(guessedTokens);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  let [before, shared] = [0, 0];
  return weights.map((weight) => {
    before += weight;
    const until = Math.round((total * before) / sum);
    const share = until - shared;
    shared = until;
    return share;
  });
}

/** Four Latin letters, or one character of another script. */
function guessedTokens(text: string): number {
  const characters = [...text];
  const latin = characters.filter((character) => character < '\u0250').length;
  return Math.max(1, Math.ceil(latin / 4) + characters.length - latin);
}
