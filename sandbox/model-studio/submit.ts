/** `POST /api/v1/services/aigc/…`: checks a submit in the provider's order, then answers or queues it. */
import type { ChatContext } from './chat.js';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { type GenerationContext, generate, type Work } from './generate.js';
import { checkInput } from './input-check.js';
import { asInterleaved, checkStream, isInterleaved, sendInterleaved } from './interleaved.js';
import { type Markers, readMarkers } from './markers.js';
import type { Mode, ModelType } from './model-type.js';
import { modelTypes, servicePaths } from './model-types.js';
import { handleNativeChat, nativeChatModel } from './native-chat.js';
import { checkParameters, isObject } from './parameter-check.js';
import type { AnyOutcome, AnyWork } from './parts.js';
import { asEdit } from './picture-edits.js';
import type { Limiter } from './rate-limits.js';
import { refusal, urlError } from './refusal.js';
import { submittedReply, syncReply } from './replies.js';
import type { TaskQueue } from './tasks.js';

export interface SubmitContext {
  generation: GenerationContext;
  tasks: TaskQueue<AnyWork, AnyOutcome>;
  limiter: Limiter;
  chat: ChatContext;
  throttle(body: string, markers: Markers): void;
  /** Aborted when the sandbox closes. */
  signal: AbortSignal;
}

function findModel(body: unknown): ModelType {
  const name = isObject(body) ? body.model : undefined;
  if (typeof name !== 'string' || name === '') throw refusal.emptyModel('Model is required.');
  const model = modelTypes.get(name);
  if (!model) throw refusal.modelNotFound(`Model can not be found: ${name}.`);
  return model;
}

function checkMode(model: ModelType, path: string, asyncHeader: string | undefined): Mode {
  const mode = model.paths[path];
  if (!mode) throw urlError();
  if (mode === 'async' && asyncHeader !== 'enable') {
    throw refusal.accessDenied('current user api does not support synchronous calls.');
  }
  if (mode === 'sync' && asyncHeader === 'enable') {
    throw refusal.accessDenied('current user api does not support asynchronous calls.');
  }
  return mode;
}

function checkBoxCount(parameters: unknown, pictures: number): void {
  const boxes = isObject(parameters) ? parameters.bbox_list : undefined;
  if (Array.isArray(boxes) && boxes.length !== pictures)
    throw refusal.invalidParameter('The length of bbox_list must be the number of images.');
}

function checkHeader(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Handles one submit; `path` is the part after `/services/aigc/`. */
export async function handleSubmit(exchange: Exchange, path: string, context: SubmitContext): Promise<void> {
  const apiKey = authenticate(exchange.request);
  const read = await readJson(exchange);
  const { text } = read;
  const body = context.chat.uploads.resolve(read.body, exchange, apiKey);
  if (nativeChatModel(path, body)) return handleNativeChat(exchange, { body, text }, path, context.chat);
  if (!servicePaths.has(path)) throw urlError();
  const { input, parameters } = body as { input?: unknown; parameters?: unknown };
  const model = asEdit(asInterleaved(findModel(body), parameters), input);
  const mode = checkMode(model, path, checkHeader(exchange.request.headers['x-dashscope-async']));
  context.limiter.countSubmit(apiKey, model);

  checkStream(model, mode, exchange, parameters);
  const checked = checkInput(model, path, input);
  const pictures = model.kind === 'image' ? checked.media.length : 0;
  const work: Work = { model, path, input: checked, settings: checkParameters(model, parameters, pictures) };
  checkBoxCount(parameters, work.input.media.length);
  const markers = readMarkers(work.input.prompt);
  context.throttle(text, markers);
  exchange.dropAnswer ||= markers.drop;

  if (mode === 'async') {
    const { requestId } = exchange;
    const task = context.tasks.submit({ model, path, apiKey, requestId, work });
    exchange.record.taskId = task.id;
    return sendJson(exchange, 200, submittedReply(requestId, task.id));
  }
  // A client that hangs up does not stop this: the provider generates and bills it all the same.
  const outcome = await generate(exchange.requestId, work, context.generation, context.signal);
  if (isInterleaved(model)) return sendInterleaved(exchange, work, outcome);
  sendJson(exchange, 200, syncReply(exchange.requestId, work, outcome));
}
