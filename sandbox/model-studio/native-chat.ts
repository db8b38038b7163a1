/**
 * Text of the native API: `text-generation/generation` for models that read text, `multimodal-generation/generation` for those that see or
 * hear. The same answers as in the compatible form, in the native one's words.
 * https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-dashscope
 */
import { type ChatContext, type ChatOutcome, makeChat } from './chat.js';
import { checkChat } from './chat-check.js';
import { openEventStream, piecesOf } from './event-stream.js';
import { type Exchange, sendJson } from './exchange.js';
import { isObject } from './parameter-check.js';
import { refusal, urlError } from './refusal.js';
import { findChatModel, type TextModel } from './text-models.js';

type JsonObject = Readonly<Record<string, unknown>>;

const textPath = 'text-generation/generation';
const multimodalPath = 'multimodal-generation/generation';

/** The chat model that a submit to a path of text is for; undefined: the path is none, or its model makes pictures. */
export function nativeChatModel(path: string, body: unknown): TextModel | undefined {
  const name = isObject(body) && typeof body.model === 'string' ? body.model : '';
  const model = path === textPath || path === multimodalPath ? findChatModel(name) : undefined;
  if (model && (path === multimodalPath) !== (model.sees || model.hears)) throw urlError();
  return model;
}

/** Handles one call; the model is one that nativeChatModel has found. */
export async function handleNativeChat(
  exchange: Exchange,
  { body, text }: { body: unknown; text: string },
  path: string,
  context: ChatContext,
): Promise<void> {
  const { input, parameters = {} } = body as { input?: unknown; parameters?: unknown };
  if (!isObject(input)) throw refusal.invalidParameter('input must be an object.');
  if (!isObject(parameters)) throw refusal.invalidParameter('parameters must be an object.');
  const isMultimodal = path === multimodalPath;
  const { result_format: format, incremental_output: incremental } = parameters;
  if (format !== undefined && format !== 'text' && format !== 'message')
    throw refusal.invalidParameter("parameters.result_format must be 'text' or 'message'.");
  const messages = readMessages(input, isMultimodal);
  const chat = checkChat(
    { ...parameters, stream: undefined, model: (body as JsonObject).model, messages },
    true,
  );
  const outcome = await makeChat(exchange, { chat, text }, context);
  const form = isMultimodal ? 'parts' : format === 'message' ? 'message' : 'text';
  const reply = (content: string, finish: string) =>
    replyOf(form, content, finish, outcome, exchange.requestId);
  if (exchange.request.headers['x-dashscope-sse'] !== 'enable')
    return sendJson(exchange, 200, reply(outcome.content, outcome.finishReason));
  const stream = openEventStream(exchange);
  let said = '';
  const pieces = piecesOf(outcome.content);
  pieces.forEach((piece, index) => {
    said += piece;
    const finish = index === pieces.length - 1 ? outcome.finishReason : 'null';
    const data = JSON.stringify(reply(incremental === true ? piece : said, finish));
    stream.send(`id:${index + 1}`, 'event:result', ':HTTP_STATUS/200', `data:${data}`);
  });
  stream.end();
}

function readMessages(input: JsonObject, isMultimodal: boolean): unknown {
  if (input.messages === undefined && typeof input.prompt === 'string' && !isMultimodal)
    return [{ role: 'user', content: input.prompt }];
  if (!Array.isArray(input.messages)) throw refusal.invalidParameter('input.messages must be an array.');
  return isMultimodal ? input.messages.map(compatibleMessage) : input.messages;
}

/** A message of the native form, whose parts are named by what they hold, as the compatible form writes it. */
function compatibleMessage(message: unknown): unknown {
  if (!isObject(message) || !Array.isArray(message.content)) return message;
  return { ...message, content: message.content.map(compatiblePart) };
}

function compatiblePart(part: unknown): unknown {
  if (!isObject(part)) return part;
  if (part.text !== undefined) return { type: 'text', text: part.text };
  if (part.image !== undefined) return { type: 'image_url', image_url: { url: part.image } };
  if (part.video !== undefined) return { type: 'video_url', video_url: { url: part.video } };
  if (part.audio === undefined)
    throw refusal.invalidParameter('content parts are text, image, video or audio.');
  const format = /\.mp3(\?|$)|^data:audio\/(mp3|mpeg)/i.test(String(part.audio)) ? 'mp3' : 'wav';
  return { type: 'input_audio', input_audio: { data: part.audio, format } };
}

function replyOf(
  form: 'text' | 'message' | 'parts',
  content: string,
  finish: string,
  { promptTokens, completionTokens }: ChatOutcome,
  requestId: string,
) {
  const message = { role: 'assistant', content: form === 'parts' ? [{ text: content }] : content };
  const output =
    form === 'text'
      ? { text: content, finish_reason: finish }
      : { choices: [{ finish_reason: finish, message }] };
  const usage = {
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  return { output, usage, request_id: requestId };
}
