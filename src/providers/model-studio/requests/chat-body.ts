/** What a chat model is sent, by what it can: some answer in pieces only, and few keep to a schema by themselves. */
import { isObject, type Json } from '../../../fields.js';
import { objectAt } from '../../../json.js';
import { endingOf } from '../../../media/kinds.js';
import type { ProviderModel } from '../../provider.js';
import { isHalfPrice } from '../half-price.js';
import type { Message } from './conversation.js';
import { type MessagePart, textOfParts } from './prompt-template.js';
import { thinksUnasked } from './token-bounds.js';

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
  const hasMedia = addresses.length > 0;
  const said = messages.map(({ role, parts }) => {
    const onlyText = parts.every((part) => 'text' in part);
    return { role, content: onlyText ? textOfParts(parts) : contentOf(parts, left) };
  });
  const schema = schemaIn(parameters, modelType, hasMedia);
  return {
    model: modelType,
    messages: schema === undefined ? said : [schemaAsWords(schema), ...said],
    ...parameters,
    ...(schema !== undefined && { response_format: { type: 'json_object' } }),
    ...(mayNotThink(parameters, modelType) && { enable_thinking: false }),
    ...(answersInPieces(parameters, modelType) && !isHalfPrice(config) && inPieces),
  };
}

const inPieces = { stream: true, stream_options: { include_usage: true } };

/** Model Studio, "Deep thinking" and "Qwen-Omni": what thinks or hears may have no other way to answer, and all have this one. */
function answersInPieces(parameters: Json, modelType: string): boolean {
  const thinks = mayNotThink(parameters, modelType)
    ? false
    : (parameters.enable_thinking ?? thinksUnasked(modelType));
  return thinks !== false || /omni/.test(modelType);
}

/** Beside thoughts a form of the answer does not hold (Model Studio, "Structured output"). */
function mayNotThink({ response_format, enable_thinking }: Json, modelType: string): boolean {
  const asksJson = isObject(response_format) && String(response_format.type).startsWith('json');
  return asksJson && enable_thinking === undefined && thinksUnlessTold.test(modelType);
}
const thinksUnlessTold = /^(qwen3\.[56]-(plus|flash|max)|qwen3(\.[56])?-\d+b(-a\d+b)?$|glm-(5|4\.[67])$)/;

/** Model Studio, "Structured output": all others refuse a schema, and beside media no model keeps to one. */
const keepsSchema = /^qwen3\.(7-(plus|flash|max)|8-(flash|max))/;

/** The schema of an answer whose model cannot be given it. */
function schemaIn({ response_format }: Json, modelType: string, hasMedia: boolean): Json | undefined {
  if (!isObject(response_format) || response_format.type !== 'json_schema') return undefined;
  const keeps = keepsSchema.test(modelType) && !hasMedia;
  return keeps ? undefined : objectAt(objectAt({ response_format }.response_format, 'json_schema'), 'schema');
}

function schemaAsWords(schema: Json): Json {
  const content = `Answer with one JSON value and nothing else. It keeps to this JSON schema: ${JSON.stringify(schema)}`;
  return { role: 'system', content };
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
