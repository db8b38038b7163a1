/** The most tokens that a call of texts can come to, so that a budget of money can count it before it is made. */
import type { Json } from '../../../json.js';
import type { Units } from '../../provider.js';
import type { ModelType } from '../model-type.js';
import { wholeOf } from '../price.js';
import type { Message } from './conversation.js';
import { type MessagePart, textOfParts } from './prompt-template.js';

/** What a chat model's template puts around one message, generously. */
const aroundMessage = 100;

/** All others may think unless they are told not to, which max_tokens does not bound (Model Studio, "Deep thinking"). */
const thinkIfAsked = [
  /^qwen(-|[12])/,
  /^qwen3-(max|coder|vl-plus|vl-flash|omni-flash)\b/,
  /instruct/i,
  /(^|\/)deepseek-(ocr|v3(?!.*think))/,
  /^(farui|gui-plus|tongyi-)/,
];

export function thinksUnasked(modelType: string): boolean {
  return !thinkIfAsked.some((pattern) => pattern.test(modelType));
}

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
  const thinks = parameters.enable_thinking ?? thinksUnasked(modelType);
  const outputTokens = mostOutput(parameters, thinks !== false) ?? type.mostOutputTokens;
  if (outputTokens === undefined || parameters.enable_search === true) return {};
  // The form of the answer is told to the model, too.
  let inputTokens = Buffer.byteLength(JSON.stringify(parameters.response_format ?? ''));
  for (const input of inputs) {
    if (input === undefined) return {};
    inputTokens += input;
  }
  // Thoughts may make the whole answer dearer.
  return { inputTokens, outputTokens, ...(thinks !== false && { thought: true }) };
}

function mostOutput(parameters: Json, thinks: boolean): number | undefined {
  const whole = wholeOf(parameters.max_completion_tokens);
  // It may be passed by so many (https://help.aliyun.com/zh/model-studio/qwen-api-via-openai-chat-completions).
  if (whole !== undefined) return whole + 10;
  const answer = wholeOf(parameters.max_tokens);
  if (answer === undefined || !thinks) return answer;
  const thoughts = wholeOf(parameters.thinking_budget);
  return thoughts === undefined ? undefined : answer + thoughts;
}
