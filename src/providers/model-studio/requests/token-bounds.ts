/** The most tokens that a call of texts can come to, so that a budget of money can count it before it is made. */
import type { Json } from '../../../json.js';
import type { Units } from '../../provider.js';
import type { ModelType } from '../model-type.js';
import { wholeOf } from '../price.js';
import type { Message } from './conversation.js';
import { type MessagePart, textOfParts } from './prompt-template.js';
import { asksJson, willThink } from './thinking.js';

/** What a chat model's template puts around one message, generously. */
const aroundMessage = 100;

/** A token is at least one byte of its text. What media come to is not known: then there is no number. */
export function mostInputTokens(parts: MessagePart[]): Units {
  if (!parts.every((part) => 'text' in part)) return {};
  return { inputTokens: Buffer.byteLength(textOfParts(parts)) + aroundMessage };
}

/** As the request bounds the answer, or else the type: no number where neither does, or where searches cost besides. */
export function mostChatTokens(
  { messages, parameters }: { messages: Message[]; parameters: Json },
  modelType: string,
  type: ModelType,
): Units {
  const inputs = messages.map(({ parts }) => mostInputTokens(parts).inputTokens);
  const thinks = willThink(parameters, modelType);
  const outputTokens = mostOutput(parameters, thinks) ?? type.mostOutputTokens;
  if (outputTokens === undefined || parameters.enable_search === true) return {};
  // The form of the answer is told to the model, too.
  let inputTokens = asksJson(parameters)
    ? Buffer.byteLength(JSON.stringify(parameters.response_format)) + 2 * aroundMessage
    : 0;
  for (const input of inputs) {
    if (input === undefined) return {};
    inputTokens += input;
  }
  // Thoughts may make the whole answer dearer.
  return { inputTokens, outputTokens, ...(thinks && { thought: true }) };
}

/** Of what thinks max_tokens bounds the answer alone. */
function mostOutput(parameters: Json, thinks: boolean): number | undefined {
  const whole = wholeOf(parameters.max_completion_tokens);
  // It may be passed by so many (https://help.aliyun.com/zh/model-studio/qwen-api-via-openai-chat-completions).
  if (whole !== undefined) return whole + 10;
  const answer = wholeOf(parameters.max_tokens);
  if (answer === undefined || !thinks) return answer;
  const thoughts = wholeOf(parameters.thinking_budget);
  return thoughts === undefined ? undefined : answer + thoughts;
}
