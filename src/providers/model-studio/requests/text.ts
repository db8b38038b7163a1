/** Text: one user message, or a whole conversation, to a chat or vision model, over the OpenAI-compatible endpoint. */
import type { KnownError } from '../../../errors.js';
import {
  isObject,
  type Json,
  optionalChoice,
  optionalObject,
  refuse,
  refuseUnknown,
  requiredText,
  show,
} from '../../../fields.js';
import { objectAt, storable, textOf } from '../../../json.js';
import { isDirectory } from '../../../storage/path.js';
import { type Made, type Medium, ProviderFailure, type Units } from '../../provider.js';
import { chatType, chatTypes } from '../chat-table.js';
import type { Reply } from '../connection.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { billOf, tokensOf } from '../price.js';
import { type ChatRequest, chatBody } from './chat-body.js';
import { isConversation, readMessages } from './conversation.js';
import { readAsChat } from './function-request.js';
import { listFields } from './parameters.js';
import { type MessagePart, readTextRequest, textOfParts } from './prompt-template.js';
import { mostChatTokens } from './token-bounds.js';

export const texts: Family = {
  task: 'chat/completions',
  types: chatTypes,
  anyOther: { type: chatType, describedAs: '(any chat model)' },
  fields: () => listFields(['prompt', 'args', 'messages'], knownParameters),
  check,
};

/** Parameters that change the answer but not the form of the reply. */
const knownParameters = [
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'max_completion_tokens',
  'seed',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'response_format',
  'enable_thinking',
  'thinking_budget',
  'enable_search',
  'reasoning_effort',
];

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const request = readChat(asked);
  const asksJson = readResponseFormat(request);
  const media = mediaOf(request.messages.flatMap(({ parts }) => parts));
  return {
    type,
    scenario: 'text',
    makes: 'text',
    output: undefined,
    notes: [],
    followed: false,
    media,
    misfit: media.some(({ kinds }) => !kinds.every((kind) => type.reads?.includes(kind) ?? true)),
    estimate: billOf(type, model.config, mostChatTokens(request, model.modelType, type)),
    pretended: asksJson ? '{"dry_run":true}' : undefined,
    body: (addresses) => chatBody(request, model, addresses),
    read: (reply) => readAnswer(reply, asked, asksJson, searchesIn(request.parameters)),
  };
}

function readChat({ text, file, places }: Asked): ChatRequest {
  const asked = readAsChat(text);
  if (asked) {
    refuseUnknown(asked.parameters, knownParameters, `parameters of task ${texts.task}`);
    return {
      messages: [{ role: 'user', parts: [{ text: asked.said }] }],
      parameters: asked.parameters,
    };
  }
  const conversation = conversationIn(text);
  if (!conversation) {
    const { parts, parameters } = readTextRequest(text, file, { knownParameters, task: texts.task, places });
    return { messages: [{ role: 'user', parts }], parameters };
  }
  refuseUnknown(conversation, ['messages', 'parameters'], 'a conversation');
  if (file && !isDirectory(file.path))
    refuse('file', file.text, 'left out of a conversation', 'Put the FILE among the parts of a message.');
  const parameters = optionalObject(conversation, 'parameters');
  refuseUnknown(parameters, knownParameters, `parameters of task ${texts.task}`);
  return { messages: readMessages(conversation.messages, places), parameters };
}

function conversationIn(text: string) {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && isConversation(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True where the answer is to be JSON. The provider refuses a json_object that the prompt does not speak of. */
function readResponseFormat({ messages, parameters }: ChatRequest): boolean {
  const said = textOfParts(messages.flatMap(({ parts }) => parts));
  const format = optionalObject(parameters, 'response_format');
  const type = optionalChoice(format, 'type', ['text', 'json_object', 'json_schema'], 'response_format.type');
  if (type === 'json_schema') {
    const schema = optionalObject(format, 'json_schema');
    requiredText(schema, 'name', 'response_format.json_schema.name');
    if (!isObject(schema.schema))
      refuse(
        'response_format.json_schema.schema',
        schema.schema,
        'a JSON schema',
        'Write {"type": "object", …}.',
      );
  }
  if (type === 'json_object' && !/json/i.test(said))
    refuse(
      'the prompt',
      said,
      'one that speaks of JSON, beside response_format json_object',
      "Add 'Answer in JSON.' to it.",
    );
  return type === 'json_object' || type === 'json_schema';
}

/** Text models read more forms of a kind than the makers of pictures and videos do. */
function mediaOf(parts: MessagePart[]): Medium[] {
  const files = parts.flatMap((part) => ('file' in part ? [part] : []));
  return files.map(({ file, kind }, index) => ({
    ...{ field: `file ${index + 1}`, text: file.text, path: file.path, kinds: [kind], file, anyForm: true },
  }));
}

/** An answer does not tell whether there was one. */
function searchesIn({ enable_search }: Json): Units {
  return enable_search === true ? { searches: 1 } : {};
}

/** The text that a model answered with. `asksJson`: what is none is no answer. */
export function readAnswer(
  reply: Reply,
  { model, type }: Asked,
  asksJson: boolean,
  searches: Units = {},
): Made {
  const usage = objectAt(reply.body, 'usage');
  const { text, finished, error } = asksJson ? asJson(answerOf(reply), reply) : answerOf(reply);
  return {
    ...{ requestId: reply.requestId, urls: [], usage, task: undefined },
    ...{ text, ...(error && { error }) },
    bill: billOf(type, model.config, { ...tokensOf(usage), ...searches }),
    notes: finished === 'length' ? [cutNote] : finished === outOfTime ? [outOfTimeNote] : [],
  };
}

const cutNote =
  'ai_gen: an answer was cut at the limit of tokens (finish_reason length); parameters.max_tokens allows longer ones';

/** In place of a finish_reason, where the provider has given what there was by then. */
const outOfTime = 'out of time';
const outOfTimeNote =
  'ai_gen: an answer was cut where the provider’s time for it was over; ask for less, or in parts';

interface Answer {
  text: string | undefined;
  /** The provider's finish_reason. */
  finished: string | undefined;
  error?: KnownError;
}

/** The answer's text, nothing around it, and nothing in it that PostgreSQL cannot hold: a limit of tokens may cut an emoji in half. */
function answerOf({ body, requestId, isPartial }: Reply): Answer {
  const [choice] = Array.isArray(body.choices) ? body.choices.filter(isObject) : [];
  const finished = isPartial ? outOfTime : choice && textOf(choice.finish_reason);
  const text = choice && storable(contentText(objectAt(choice, 'message').content));
  if (text) return { text, finished };
  const refused = finished === 'content_filter';
  const reason = finished === undefined ? '' : ` (finish_reason ${finished})`;
  const error = new ProviderFailure({
    kind: refused ? 'contentRefused' : 'providerFailure',
    code: refused ? 'content_filter' : 'NoAnswer',
    message: `Model Studio answered without a text${reason}`,
    hint: refused
      ? 'The provider’s content check took the answer away; change the prompt.'
      : 'Run it again, or raise parameters.max_tokens.',
    ...{ repeat: refused ? 'no' : 'again', requestId },
  });
  return { text: undefined, finished, error };
}

/** Some models fence their JSON as a program; what is none is billed, and no answer. */
function asJson(answer: Answer, { requestId }: Reply): Answer {
  if (answer.text === undefined) return answer;
  const text = answer.text.trim().replace(/^```(?:json)?\s*([\s\S]*?)\s*```$/, '$1');
  try {
    JSON.parse(text);
    return { ...answer, text };
  } catch {
    const cut = answer.finished === 'length' || answer.finished === outOfTime;
    const error = new ProviderFailure({
      // What has taken all the time there is takes it again.
      ...{ kind: 'providerFailure', code: 'NoJson', requestId },
      repeat: answer.finished === outOfTime ? 'no' : 'again',
      message: `Model Studio answered with what is no JSON: ${show(answer.text)}`,
      hint: cut
        ? answer.finished === outOfTime
          ? 'The answer was cut where the provider’s time for it was over: ask for less.'
          : 'The answer was cut at the limit of tokens: raise max_tokens.'
        : 'Run it again, or say in the prompt what the JSON is to look like.',
    });
    return { text: undefined, finished: answer.finished, error };
  }
}

function contentText(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  const parts = content.filter(isObject).map((part) => textOf(part.text) ?? '');
  return parts.join('');
}
