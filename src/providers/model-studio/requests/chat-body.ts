/** What a chat model is sent, by what it can: some answer in pieces only, and few keep to a schema by themselves. */
import type { Json } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { endingOf } from '../../../media/kinds.js';
import type { ProviderModel } from '../../provider.js';
import { isHalfPrice } from '../half-price.js';
import type { Message } from './conversation.js';
import { type MessagePart, textOfParts } from './prompt-template.js';
import { asksJson, isToldNotTo, keepsForm, willThink } from './thinking.js';

export interface ChatRequest {
  messages: Message[];
  parameters: Json;
}

/** Plain text where there is nothing else, parts where there are media. */
export function chatBody(
  { messages, parameters }: ChatRequest,
  { modelType, config }: Pick<ProviderModel, 'modelType' | 'config'>,
  addresses: string[],
): Json {
  const left = [...addresses];
  const said = messages.map(({ role, parts }) => {
    const onlyText = parts.every((part) => 'text' in part);
    return { role, content: onlyText ? textOfParts(parts) : contentOf(parts, left) };
  });
  const { words, format } = formOf({ messages, parameters }, modelType);
  const { response_format: _asked, ...others } = parameters;
  return {
    model: modelType,
    messages: words === undefined ? said : withWords(said, words),
    ...others,
    ...(format !== undefined && { response_format: format }),
    ...(isToldNotTo(parameters, modelType) && { enable_thinking: false }),
    ...(answersInPieces(parameters, modelType) && !isHalfPrice(config) && inPieces),
  };
}

const inPieces = { stream: true, stream_options: { include_usage: true } };

/** Model Studio, "Deep thinking" and "Qwen-Omni": what thinks or hears may have no other way to answer, and all have this one. */
function answersInPieces(parameters: Json, modelType: string): boolean {
  return willThink(parameters, modelType) || /omni/.test(modelType);
}

/** Model Studio, "Structured output": all others refuse a schema, and beside media no model keeps to one. */
const keepsSchema = /^qwen3\.(7-(plus|flash|max)|8-(flash|max))/;

/** What the provider is told of the form of the answer, and what of it the model has to be told in words. */
function formOf(
  { messages, parameters }: ChatRequest,
  modelType: string,
): { words?: string; format?: unknown } {
  const { response_format: asked } = parameters;
  if (!asksJson(parameters)) return { format: asked };
  const schema = objectAt(objectAt(asked as Json, 'json_schema'), 'schema');
  const hasSchema = (asked as Json).type === 'json_schema';
  const onlyText = messages.every(({ parts }) => parts.every((part) => 'text' in part));
  const keeps = keepsForm(parameters, modelType);
  if (hasSchema && keeps && onlyText && keepsSchema.test(modelType)) return { format: asked };
  // A JSON object is all that can be asked for without a schema.
  const mayAsk = keeps && (!hasSchema || schema.type === 'object');
  const words = hasSchema ? `It keeps to this JSON schema: ${JSON.stringify(schema)}` : '';
  return {
    ...((hasSchema || !mayAsk) && { words: `Answer with one JSON value and nothing else. ${words}`.trim() }),
    ...(mayAsk && { format: { type: 'json_object' } }),
  };
}

/** There is one message of the system's at most, and it is the first. */
function withWords(messages: Json[], words: string): Json[] {
  const [first, ...others] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: words }, ...messages];
  const { content } = first;
  const told = Array.isArray(content)
    ? [...content, { type: 'text', text: words }]
    : `${content}\n\n${words}`;
  return [{ ...first, content: told }, ...others];
}

/** Takes the addresses of its files from the front of `addresses`. */
function contentOf(parts: MessagePart[], addresses: string[]): Json[] {
  return parts.map((part) => {
    if ('text' in part) return { type: 'text', text: part.text };
    if ('picture' in part) return { type: 'image_url', image_url: { url: part.picture } };
    if ('document' in part) return documentPart(part.document);
    const url = addresses.shift() as string;
    if (part.kind === 'document') return documentPart(url);
    if (part.kind === 'sound')
      return { type: 'input_audio', input_audio: { data: url, format: endingOf(part.file.path.key) } };
    return part.kind === 'video'
      ? { type: 'video_url', video_url: { url } }
      : { type: 'image_url', image_url: { url } };
  });
}

/** https://www.alibabacloud.com/help/en/model-studio/pdf-understanding */
function documentPart(url: string): Json {
  return { type: 'file', file: { file_url: url } };
}
