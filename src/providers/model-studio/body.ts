/** The provider's request body for a checked request: one form a family, as the API pages give them. */
import type { Json } from '../../json.js';
import { endingOf } from '../../media/kinds.js';
import type { ModelType } from './model-table.js';
import type { MediaRequest } from './request.js';
import type { MessagePart } from './text-request.js';

/** Public URLs of the request's media, in the order of MediaRequest.media; `audio` apart. */
export interface MediaUrls {
  media: string[];
  audio: string | undefined;
}

export function mediaBody(modelType: string, type: ModelType, request: MediaRequest, urls: MediaUrls): Json {
  const { parameters, negativePrompt } = request;
  const negative = negativePrompt ? { negative_prompt: negativePrompt } : {};
  return type.input === 'messages'
    ? { model: modelType, input: messageInput(request, urls), parameters: { ...negative, ...parameters } }
    : { model: modelType, input: { ...fieldInput(request, urls), ...negative }, parameters };
}

/** One user message: the reference pictures in order, then the text. */
function messageInput(request: MediaRequest, urls: MediaUrls): Json {
  const content = [...urls.media.map((image) => ({ image })), { text: request.prompt }];
  return { messages: [{ role: 'user', content }] };
}

function fieldInput(request: MediaRequest, urls: MediaUrls): Json {
  const input: Json = { prompt: request.prompt };
  switch (request.scenario) {
    case 'first-frame':
      input.img_url = urls.media[0];
      break;
    case 'first-and-last-frame':
      [input.first_frame_url, input.last_frame_url] = urls.media;
      break;
    case 'reference-video':
      input.prompt = nameCharacters(request);
      input.reference_urls = urls.media;
      break;
  }
  if (urls.audio) input.audio_url = urls.audio;
  return input;
}

/** The model knows its references only as character1…N; users write the paths into the prompt. Longest first: one path may begin another. */
function nameCharacters(request: MediaRequest): string {
  const names = request.media.map((medium, index) => ({ text: medium.text, name: `character${index + 1}` }));
  names.sort((a, b) => b.text.length - a.text.length);
  return names.reduce((prompt, { text, name }) => prompt.replaceAll(text, name), request.prompt);
}

/** A chat message: plain text where there is nothing else, parts where there are media. */
export function chatBody(modelType: string, parts: MessagePart[], urls: string[], parameters: Json): Json {
  let next = 0;
  const content = parts.map((part) => {
    if ('text' in part) return { type: 'text', text: part.text };
    const url = urls[next++] as string;
    if (part.kind === 'sound')
      return { type: 'input_audio', input_audio: { data: url, format: endingOf(part.file.path.key) } };
    return part.kind === 'video'
      ? { type: 'video_url', video_url: { url } }
      : { type: 'image_url', image_url: { url } };
  });
  const onlyText = parts.every((part) => 'text' in part);
  const text = parts.map((part) => ('text' in part ? part.text : '')).join('');
  return {
    model: modelType,
    messages: [{ role: 'user', content: onlyText ? text : content }],
    ...parameters,
  };
}
