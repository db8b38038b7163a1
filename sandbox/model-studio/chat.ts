/** `POST /compatible-mode/v1/chat/completions`: deterministic answers, plainly marked as the sandbox's. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatRequest, checkChat } from './chat-check.js';
import { openEventStream, piecesOf } from './event-stream.js';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { inspectPrompt } from './generate.js';
import { type Markers, readMarkers } from './markers.js';
import type { FetchedMedia, MediaFetcher } from './media-fetch.js';
import { refusal } from './refusal.js';
import { valueFor } from './schema-answer.js';
import { countTokens } from './text-models.js';
import type { Uploads } from './uploads.js';

export interface ChatContext {
  media: MediaFetcher;
  latencyMs(): number;
  throttle(body: string, markers: Markers): void;
  uploads: Pick<Uploads, 'resolve'>;
  /** Aborted when the sandbox closes. */
  signal: AbortSignal;
}

/** `picture png 640x480, 12345 bytes`: enough to see that the very file arrived. */
function describe(media: FetchedMedia): string {
  const seconds = media.seconds === undefined ? '' : ` ${media.seconds.toFixed(1)} s`;
  const size = media.width ? ` ${media.width}x${media.height}` : seconds;
  return `${media.kind} ${media.format}${size}, ${media.bytes.length} bytes`;
}

/** The answer: the same prompt and media always give the same text. */
function answer(chat: ChatRequest, media: readonly FetchedMedia[]): string {
  const described = media.map(describe);
  if (chat.schema) return JSON.stringify(valueFor(chat.schema, `sandbox ${chat.model.name}`));
  if (chat.json) {
    return JSON.stringify({ sandbox: true, model: chat.model.name, prompt: chat.prompt, media: described });
  }
  if (chat.into !== undefined) return `[sandbox ${chat.model.name}] ${chat.into}: ${chat.prompt}`;
  const seen = described.length === 0 ? '' : ` Media: ${described.join('; ')}.`;
  return `[sandbox ${chat.model.name}] You asked: ${chat.prompt}${seen}`;
}

/** Cuts a text to so many tokens as counted by countTokens. */
function cutToTokens(text: string, maxTokens: number): string {
  let kept = text;
  while (countTokens(kept) > maxTokens) {
    const characters = [...kept];
    const excess = countTokens(kept) - maxTokens;
    kept = characters.slice(0, Math.max(0, characters.length - excess)).join('');
  }
  return kept;
}

/** What is told of an answer in either form of the API. */
export interface ChatOutcome {
  content: string;
  finishReason: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
}

function outcomeOf(chat: ChatRequest, media: readonly FetchedMedia[]): ChatOutcome {
  const whole = answer(chat, media);
  const content = chat.maxTokens === undefined ? whole : cutToTokens(whole, chat.maxTokens);
  return {
    content,
    finishReason: content === whole ? 'stop' : 'length',
    // A picture or clip counts as a flat 256 tokens.
    promptTokens: countTokens(chat.texts.join('\n')) + media.length * 256,
    completionTokens: countTokens(content),
  };
}

function usageOf({ promptTokens, completionTokens }: ChatOutcome) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}

function headOf({ requestId }: Exchange, chat: ChatRequest, object: string) {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-${requestId}`, object, created, model: chat.model.name, system_fingerprint: null };
}

function completion(exchange: Exchange, chat: ChatRequest, outcome: ChatOutcome) {
  const { content, finishReason: finish_reason } = outcome;
  const choice = { index: 0, message: { role: 'assistant', content }, finish_reason, logprobs: null };
  return { ...headOf(exchange, chat, 'chat.completion'), choices: [choice], usage: usageOf(outcome) };
}

/** The role first, then the text in pieces, then the reason; the usage last, for whoever asked for it. */
function streamCompletion(exchange: Exchange, chat: ChatRequest, outcome: ChatOutcome): void {
  const stream = openEventStream(exchange);
  const head = headOf(exchange, chat, 'chat.completion.chunk');
  const send = (chunk: object) => stream.send(`data: ${JSON.stringify({ ...head, usage: null, ...chunk })}`);
  const say = (delta: object, finish_reason: string | null = null) =>
    send({ choices: [{ index: 0, delta, finish_reason, logprobs: null }] });
  say({ role: 'assistant', content: '' });
  for (const content of piecesOf(outcome.content)) say({ content });
  say({}, outcome.finishReason);
  if (chat.includeUsage) send({ choices: [], usage: usageOf(outcome) });
  stream.send('data: [DONE]');
  stream.end();
}

/** What becomes of a chat that was checked; a Refusal where nothing does. */
export async function makeChat(
  exchange: Exchange,
  { chat, text }: { chat: ChatRequest; text: string },
  context: ChatContext,
): Promise<ChatOutcome> {
  const markers = readMarkers(chat.texts.join('\n'));
  context.throttle(text, markers);
  exchange.dropAnswer ||= markers.drop;
  inspectPrompt(markers);
  const media = await Promise.all(chat.media.map((use) => context.media.fetch(use, context.signal)));
  await delay(markers.slowMs ?? context.latencyMs(), undefined, { signal: context.signal });
  if (markers.fail || markers.failSilently) throw refusal.internalError('An internal error has occured.');
  return outcomeOf(chat, media);
}

/** Handles one chat completion. */
export async function handleChat(exchange: Exchange, context: ChatContext): Promise<void> {
  const apiKey = authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  const chat = checkChat(
    context.uploads.resolve(body, exchange, apiKey),
    exchange.url.pathname.startsWith('/batch/'),
  );
  const outcome = await makeChat(exchange, { chat, text }, context);
  if (chat.stream && !exchange.dropAnswer) streamCompletion(exchange, chat, outcome);
  else sendJson(exchange, 200, completion(exchange, chat, outcome));
}
