/** `POST /compatible-mode/v1/chat/completions`: deterministic answers, plainly marked as the sandbox's. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatRequest, checkChat } from './chat-check.js';
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { inspectPrompt } from './generate.js';
import { type Markers, readMarkers } from './markers.js';
import type { FetchedMedia, MediaFetcher } from './media-fetch.js';
import { refusal } from './refusal.js';
import { valueFor } from './schema-answer.js';
import { countTokens } from './text-models.js';

export interface ChatContext {
  media: MediaFetcher;
  latencyMs(): number;
  throttle(body: string, markers: Markers): void;
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

function completion(requestId: string, chat: ChatRequest, media: readonly FetchedMedia[]) {
  const whole = answer(chat, media);
  const content = chat.maxTokens === undefined ? whole : cutToTokens(whole, chat.maxTokens);
  // A picture or clip counts as a flat 256 tokens.
  const promptTokens = countTokens(chat.texts.join('\n')) + media.length * 256;
  const completionTokens = countTokens(content);
  return {
    id: `chatcmpl-${requestId}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: chat.model.name,
    system_fingerprint: null,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content },
        finish_reason: content === whole ? 'stop' : 'length',
        logprobs: null,
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: 0 },
    },
  };
}

/** Handles one chat completion. */
export async function handleChat(exchange: Exchange, context: ChatContext): Promise<void> {
  authenticate(exchange.request);
  const { body, text } = await readJson(exchange);
  const chat = checkChat(body);
  const markers = readMarkers(chat.texts.join('\n'));
  context.throttle(text, markers);
  exchange.dropAnswer ||= markers.drop;
  inspectPrompt(markers);
  const media = await Promise.all(chat.media.map((use) => context.media.fetch(use, context.signal)));
  await delay(markers.slowMs ?? context.latencyMs(), undefined, { signal: context.signal });
  if (markers.fail || markers.failSilently) throw refusal.internalError('An internal error has occured.');
  sendJson(exchange, 200, completion(exchange.requestId, chat, media));
}
