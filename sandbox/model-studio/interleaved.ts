/** Texts and pictures in turn (wan2.6-image with enable_interleave): a task tells all at once, a synchronous call only as a stream. */
import { type EventStream, openEventStream, piecesOf } from './event-stream.js';
import type { Exchange } from './exchange.js';
import type { Outcome, Work } from './generate.js';
import type { Mode, ModelType } from './model-type.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';

type Json = Record<string, unknown>;

/** The model with the rules that hold for this request. */
export function asInterleaved(model: ModelType, parameters: unknown): ModelType {
  const own = model.own?.interleaved;
  if (!model.own || !own || !isObject(parameters) || parameters.enable_interleave !== true) return model;
  return { ...model, own: { ...model.own, ...own, usage: 'interleaved' } };
}

export function isInterleaved({ own }: ModelType): boolean {
  return own?.usage === 'interleaved';
}

/** A synchronous answer comes as a stream or not at all; a task takes no `stream`. */
export function checkStream(model: ModelType, mode: Mode, { request }: Exchange, parameters: unknown): void {
  if (!isInterleaved(model)) return;
  const asked = isObject(parameters) && parameters.stream === true;
  const header = request.headers['x-dashscope-sse'] === 'enable';
  if (mode === 'sync' && !(asked && header))
    throw refusal.invalidParameter('enable_interleave supports stream only: set stream and X-DashScope-Sse.');
}

/** A text before each picture. */
export function interleavedContent({ input }: Work, { urls }: Outcome): Json[] {
  return urls.flatMap((image, index) => [
    { type: 'text', text: `Step ${index + 1} of ${urls.length} (sandbox): ${input.effectivePrompt}` },
    { type: 'image', image },
  ]);
}

export function interleavedUsage(work: Work, { urls, size }: Outcome): Json {
  const [input, output] = [work.input.effectivePrompt.length, 20 * urls.length];
  return {
    ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
    ...{ image_count: urls.length, size: `${size.width}*${size.height}` },
  };
}

/** Each event has a piece of a text, or a picture; the last one says stop. */
export function sendInterleaved(exchange: Exchange, work: Work, outcome: Outcome): void {
  const stream: EventStream = openEventStream(exchange);
  const items = interleavedContent(work, outcome).flatMap((item) =>
    typeof item.text === 'string' ? piecesOf(item.text).map((text) => ({ type: 'text', text })) : [item],
  );
  for (const [index, item] of items.entries()) {
    const isLast = index === items.length - 1;
    const message = { role: 'assistant', content: [item] };
    const body = {
      output: { choices: [{ message, finish_reason: isLast ? 'stop' : 'null' }], finished: isLast },
      usage: interleavedUsage(work, outcome),
      request_id: exchange.requestId,
    };
    stream.send(`id:${index + 1}`, 'event:result', ':HTTP_STATUS/200', `data:${JSON.stringify(body)}`);
  }
  stream.end();
}
