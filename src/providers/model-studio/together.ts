/** Several requests of one family as one: their texts in a common body, the reply and its tokens parted again. */
import type { Json } from '../../json.js';
import type { Made } from '../provider.js';
import type { Reply } from './connection.js';
import type { StudioRequest } from './family.js';

type Part = NonNullable<StudioRequest['part']>;

export function bodyOfAll(requests: StudioRequest[]): Json {
  const parts = partsOf(requests);
  const { common, together } = parts[0] as Part;
  const texts = parts.map(({ text }) => text);
  return together.bodyOf(common, texts);
}

/** Each request reads its own part of the reply, as if it had been alone. */
export function readEach(requests: StudioRequest[], { body, requestId }: Reply): Made[] {
  const parts = partsOf(requests);
  const { together } = parts[0] as Part;
  const shares = sharesOf(
    together.tokensOf(body),
    parts.map(({ text, common }) => together.counted(common, text)),
  );
  return requests.map((request, index) =>
    request.read({ body: together.ownOf(body, index, shares[index]), requestId }),
  );
}

/** All that are sent together have one. */
function partsOf(requests: StudioRequest[]): Part[] {
  return requests.map(({ part }) => part as Part);
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
