/** Embeddings of texts, pictures and videos. */
import { isObject, type Json, refuse, refuseUnknown } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import type { Medium, Units } from '../../provider.js';
import type { Reply } from '../connection.js';
import { mediaEmbeddingTypes } from '../embedding-table.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import type { ModelType } from '../model-type.js';
import { billOf } from '../price.js';
import { listFields } from './parameters.js';
import { readTextRequest, refuseOthersForm } from './prompt-template.js';
import { mostInputTokens } from './token-bounds.js';
import { arrayText, isVector, madeVector, pretendedVector, readDimensions } from './vector.js';

const knownParameters = ['dimensions'];

export const mediaEmbeddings: Family = {
  task: 'embedding',
  types: mediaEmbeddingTypes,
  fields: () => listFields(['prompt', 'args', 'data'], knownParameters),
  check,
};

/** What is to be embedded: a text, a place in the call's media, or the bytes themselves. */
type Content = { text: string } | { picture: string } | { medium: number; kind: 'image' | 'video' };

interface Contents {
  contents: Content[];
  media: Medium[];
  parameters: Json;
}

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const { contents, media, parameters } = readContents(asked);
  const dimensions = readDimensions(parameters, asked);
  if (contents.length > 1 && !type.fuses)
    refuse('the call', `${contents.length} texts and files`, `one text or one file for ${model.modelType}`);
  return {
    ...{ type, scenario: 'embedding', makes: 'text', output: undefined, notes: [], followed: false },
    media,
    estimate: billOf(type, model.config, mostTokens(contents, type)),
    pretended: pretendedVector(asked, dimensions),
    body: (addresses) => ({
      model: model.modelType,
      input: { contents: contents.map((content) => partOf(content, addresses)) },
      parameters: {
        ...(dimensions !== undefined && { dimension: dimensions }),
        ...(contents.length > 1 && !type.fusesAlways && { enable_fusion: true }),
      },
    }),
    read: (reply) => madeVector(reply, vectorText(reply), asked),
  };
}

/** The most that it can come to; no number where that is not known of a file. */
function mostTokens(contents: Content[], { mostTokensOf = {} }: ModelType): Units {
  const texts = contents.flatMap((content) => ('text' in content ? [content] : []));
  let pictureTokens = 0;
  for (const content of contents) {
    if ('text' in content) continue;
    const most = mostTokensOf['medium' in content && content.kind === 'video' ? 'video' : 'picture'];
    if (most === undefined) return {};
    pictureTokens += most;
  }
  const { inputTokens = 0 } = texts.length > 0 ? mostInputTokens(texts) : {};
  return { inputTokens: inputTokens + pictureTokens, ...(pictureTokens > 0 && { pictureTokens }) };
}

/** `{"data": "data:image/png;base64,…"}` holds a picture itself: what ai_embed makes of bytes. */
function readContents(asked: Asked): Contents {
  const { text, file, places, type } = asked;
  const picture = readPicture(text, type);
  if (picture !== undefined) return { contents: [{ picture }], media: [], parameters: {} };
  refuseOthersForm(
    text,
    'texts',
    'a model that embeds pictures does not tell how near two texts are',
    'Use a model of type text-embedding-v4.',
  );
  const form = { knownParameters, task: 'embedding', places };
  const { parts, parameters } = readTextRequest(text, file, form);
  const media: Medium[] = [];
  const contents = parts.map((part): Content => {
    if (!('file' in part)) return part;
    const { file: own, kind } = part;
    if (kind === 'sound' || kind === 'document')
      return refuse(`file ${media.length + 1}`, own.text, 'a picture or a video');
    const { text: path } = own;
    media.push({
      field: `file ${media.length + 1}`,
      text: path,
      path: own.path,
      kinds: [kind],
      file: own,
      anyForm: true,
      mostMebibytes: type.mostMebibytesOf?.[kind],
    });
    return { medium: media.length - 1, kind: kind === 'video' ? 'video' : 'image' };
  });
  return { contents, media, parameters };
}

const pictureData = /^data:image\/(jpeg|png|webp|gif|bmp|heic);base64,[A-Za-z0-9+/]+={0,2}$/;

function readPicture(text: string, { mostMebibytesOf }: ModelType): string | undefined {
  if (!text.startsWith('{"data"')) return undefined;
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(request)) return undefined;
  refuseUnknown(request, ['data'], 'a request with a picture in it');
  const { data } = request;
  if (typeof data !== 'string' || !pictureData.test(data))
    return refuse('data', data, 'data:image/…;base64,… of a jpeg, png, webp, gif, bmp or heic');
  const most = mostMebibytesOf?.picture ?? Number.POSITIVE_INFINITY;
  // Base64 is a third more.
  if (data.length > Math.ceil((most * 1024 * 1024 * 4) / 3) + 40)
    return refuse(
      'the picture',
      `${data.length} characters of Base64`,
      `at most ${most} MiB`,
      'Pass a FILE instead.',
    );
  return data;
}

function partOf(content: Content, addresses: string[]): Json {
  if ('text' in content) return { text: content.text };
  if ('picture' in content) return { image: content.picture };
  return { [content.kind]: addresses[content.medium] };
}

function vectorText({ body }: Reply): string | undefined {
  const { embeddings } = objectAt(body, 'output');
  const [first] = Array.isArray(embeddings) ? embeddings.filter(isObject) : [];
  return isVector(first?.embedding) ? arrayText(first.embedding) : undefined;
}
