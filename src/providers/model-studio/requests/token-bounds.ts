/** The most tokens that a call of texts can come to, so that a budget of money can count it before it is made. */
import type { Json } from '../../../json.js';
import type { Units } from '../../provider.js';
import type { ModelType } from '../model-type.js';
import { wholeOf } from '../price.js';
import { type MessagePart, textOfParts } from './prompt-template.js';

/** What a chat model's template puts around one message, generously. */
const aroundMessage = 100;

/** Think unless they are told not to, which max_tokens does not bound (Model Studio, "Deep thinking"). */
const thinkUnasked = [/^(qwq|qvq|deepseek-r1)\b/, /thinking/, /^qwen3(\.\d+)?-\d/];

/** A token is at least one byte of its text. What media come to is not known: then there is no number. */
export function mostInputTokens(parts: MessagePart[]): Units {
  if (parts.some((part) => 'file' in part)) return {};
  return { inputTokens: Buffer.byteLength(textOfParts(parts)) + aroundMessage };
}

/** As the request bounds the answer, or else the type: no number where neither does, or where searches cost besides. */
export function mostChatTokens(
  { parts, parameters }: { parts: MessagePart[]; parameters: Json },
  modelType: string,
  type: ModelType,
): Units {
  const input = mostInputTokens(parts);
  const outputTokens = mostOutput(parameters, modelType) ?? type.mostOutputTokens;
  if (input.inputTokens === undefined || outputTokens === undefined || parameters.enable_search === true)
    return {};
  return { ...input, outputTokens };
}

function mostOutput(parameters: Json, modelType: string): number | undefined {
  const whole = wholeOf(parameters.max_completion_tokens);
  if (whole !== undefined) return whole;
  const answer = wholeOf(parameters.max_tokens);
  if (answer === undefined) return undefined;
  const thinks = parameters.enable_thinking ?? thinkUnasked.some((pattern) => pattern.test(modelType));
  if (thinks === false) return answer;
  const thoughts = wholeOf(parameters.thinking_budget);
  return thoughts === undefined ? undefined : answer + thoughts;
}
