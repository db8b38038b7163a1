/** Checks the body of a chat completion: options, messages and the media in them. */
import { checkMediaUrl, type MediaRule, mediaRules } from './media-rules.js';
import { isObject } from './parameter-check.js';
import { refusal } from './refusal.js';
import { findChatModel, type TextModel } from './text-models.js';

export interface ChatMedia {
  field: string;
  url: string;
  rule: MediaRule;
}

type JsonObject = Readonly<Record<string, unknown>>;

export interface ChatRequest {
  model: TextModel;
  /** Texts of all messages, in order. */
  texts: string[];
  /** Text of the last user message. */
  prompt: string;
  media: ChatMedia[];
  json: boolean;
  /** Of the JSON; undefined: any object. */
  schema?: JsonObject;
  /** In pieces, with the usage behind them if it is asked for. */
  stream: boolean;
  includeUsage: boolean;
  /** What a translation model is to translate into. */
  into?: string;
  maxTokens: number | undefined;
}

interface NumberRule {
  fits: (value: number) => boolean;
  range: string;
}

const numberRules: Readonly<Record<string, NumberRule>> = {
  temperature: { fits: (value) => value >= 0 && value < 2, range: '[0.0, 2.0)' },
  top_p: { fits: (value) => value > 0 && value <= 1, range: '(0.0, 1.0]' },
  presence_penalty: { fits: (value) => value >= -2 && value <= 2, range: '[-2.0, 2.0]' },
  max_tokens: { fits: (value) => Number.isInteger(value) && value >= 1, range: '[1, …]' },
  max_completion_tokens: { fits: (value) => Number.isInteger(value) && value >= 1, range: '[1, …]' },
  seed: {
    fits: (value) => Number.isInteger(value) && value >= 0 && value <= 2 ** 31 - 1,
    range: '[0, 2147483647]',
  },
  n: { fits: (value) => value === 1, range: '[1, 1]' },
};

function checkNumbers(body: JsonObject): void {
  for (const [field, rule] of Object.entries(numberRules)) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !rule.fits(value)) {
      throw refusal.invalidParameter(`Range of ${field} should be ${rule.range}`);
    }
  }
}

/** Whether the answer must be JSON, and of which schema. */
function checkResponseFormat(
  body: JsonObject,
  texts: readonly string[],
  model: TextModel,
): Pick<ChatRequest, 'json' | 'schema'> {
  const format = body.response_format;
  const told = texts
    .map((text) => /JSON schema: (\{.*\})$/s.exec(text)?.[1])
    .find((schema) => schema !== undefined);
  const inWords = told !== undefined && { json: true, schema: JSON.parse(told) as JsonObject };
  if (format === undefined || format === null) return inWords || { json: false };
  if (thinks(body, model))
    throw refusal.invalidParameter('Json mode response is not supported when enable_thinking is true');
  const type = isObject(format) ? format.type : undefined;
  if (type === 'text') return { json: false };
  if (type === 'json_schema' && !keepsSchema.test(model.name))
    throw refusal.invalidParameter(
      `Unknown format of response_format: json_schema. Set it to {"type": "json_object"} for ${model.name}.`,
    );
  if (type === 'json_schema') return { json: true, schema: checkSchema((format as JsonObject).json_schema) };
  if (type !== 'json_object') {
    throw refusal.invalidParameter("'response_format.type' must be one of text, json_object, json_schema.");
  }
  if (!texts.some((text) => /json/i.test(text))) {
    throw refusal.invalidParameter(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    );
  }
  return inWords || { json: true };
}

/** The others know the form of an answer from words alone. */
const keepsSchema = /^qwen3\.(7-(plus|flash|max)|8-(flash|max))/;

/** Of those that have the form of an answer without thoughts only. */
function thinks({ enable_thinking }: JsonObject, { name }: TextModel): boolean {
  const asked =
    enable_thinking ?? /^(qwq|qvq)|^qwen3(\.[56])?-[\d.]+b(-a\d+b)?$|-thinking|^qwen3\.[56]-/.test(name);
  return asked !== false && !/^qwen3\.[78]/.test(name);
}

/** What thinks or hears answers in pieces, or not at all. */
function checkPieces(body: JsonObject, model: TextModel): void {
  const { name } = model;
  if (body.stream === true) return;
  if (/omni/.test(name)) throw refusal.internalError(`${name} supports stream=true only.`);
  if (thinks(body, model) && /^(qwq|qvq|qwen3-)/.test(name))
    throw refusal.invalidParameter('parameter.enable_thinking only support stream call');
}

function checkSchema(given: unknown): JsonObject {
  if (!isObject(given) || typeof given.name !== 'string' || !/^[\w-]{1,64}$/.test(given.name)) {
    throw refusal.invalidParameter(
      "'response_format.json_schema.name' must be a name of letters, digits, _ and -.",
    );
  }
  if (!isObject(given.schema)) {
    throw refusal.invalidParameter("'response_format.json_schema.schema' must be an object.");
  }
  return given.schema;
}

/** Part type → the key that holds it, where its address is, and which files it takes. */
const mediaParts: Readonly<
  Record<string, { address: string; rule: MediaRule; sense: 'sees' | 'hears' | 'reads' }>
> = {
  image_url: { address: 'url', rule: mediaRules.chatPicture, sense: 'sees' },
  video_url: { address: 'url', rule: mediaRules.chatVideo, sense: 'sees' },
  input_audio: { address: 'data', rule: mediaRules.chatAudio, sense: 'hears' },
  file: { address: 'file_url', rule: mediaRules.chatDocument, sense: 'reads' },
};

function readPart(part: unknown, field: string, model: TextModel): { text: string } | ChatMedia {
  const type = isObject(part) ? String(part.type) : '';
  if (!isObject(part)) throw refusal.invalidParameter(`${field} must be an object.`);
  if (type === 'text') {
    if (typeof part.text !== 'string') throw refusal.invalidParameter(`${field}.text must be a string.`);
    return { text: part.text };
  }
  const media = Object.hasOwn(mediaParts, type) ? mediaParts[type] : undefined;
  if (!media) throw refusal.invalidParameter(`${field}.type ${JSON.stringify(part.type)} is not supported.`);
  if (!model[media.sense]) {
    throw refusal.invalidParameter(`The model ${model.name} does not support ${type} input.`);
  }
  const holder = part[type];
  const url = isObject(holder) ? holder[media.address] : undefined;
  if (typeof url !== 'string') {
    throw refusal.invalidParameter(`${field}.${type}.${media.address} must be a string.`);
  }
  if (type === 'input_audio' && !['wav', 'mp3'].includes(String((holder as JsonObject).format))) {
    throw refusal.invalidParameter(`${field}.input_audio.format must be wav or mp3.`);
  }
  checkMediaUrl(field, url, media.rule);
  return { field, url, rule: media.rule };
}

const roles = ['system', 'developer', 'user', 'assistant', 'tool'];

function readMessage(message: unknown, index: number, model: TextModel) {
  const field = `messages[${index}]`;
  if (!isObject(message) || !roles.includes(String(message.role))) {
    throw refusal.invalidParameter(`${field}.role must be one of ${roles.join(', ')}.`);
  }
  const { content } = message;
  const role = String(message.role);
  if (typeof content === 'string') return { role, texts: [content], media: [] };
  if (!Array.isArray(content) || content.length === 0) {
    throw refusal.invalidParameter(`${field}.content must be a string or an array of parts.`);
  }
  const parts = content.map((part, position) => readPart(part, `${field}.content[${position}]`, model));
  return {
    role,
    texts: parts.flatMap((part) => ('text' in part ? [part.text] : [])),
    media: parts.flatMap((part) => ('url' in part ? [part] : [])),
  };
}

/** Qwen-MT takes one message of the user's, a text, and must be told the languages. */
function checkTranslation(body: JsonObject, roles: readonly string[], model: TextModel): { into?: string } {
  const options = body.translation_options;
  if (!model.translates) {
    if (options === undefined) return {};
    throw refusal.invalidParameter(`The model ${model.name} does not support translation_options.`);
  }
  if (!isObject(options)) throw refusal.invalidParameter('Field required: translation_options');
  for (const field of ['source_lang', 'target_lang']) {
    if (typeof options[field] !== 'string' || options[field] === '')
      throw refusal.invalidParameter(`Field required: translation_options.${field}`);
  }
  if (roles.length !== 1 || roles[0] !== 'user')
    throw refusal.invalidParameter('Role must be user, and there must be one message.');
  return { into: String(options.target_lang) };
}

/** `whole`: asked where everything is answered whole. Returns what a chat completion asks for; a Refusal names what does not fit. */
export function checkChat(body: unknown, whole: boolean): ChatRequest {
  if (!isObject(body) || typeof body.model !== 'string' || body.model === '') {
    throw refusal.invalidParameter('you must provide a model parameter');
  }
  const model = findChatModel(body.model);
  if (!model) {
    throw refusal.modelNotFound(
      `The model \`${body.model}\` does not exist or you do not have access to it.`,
    );
  }
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    throw refusal.invalidParameter('[] is too short - messages');
  }
  checkNumbers(body);
  if (!whole) checkPieces(body, model);
  const messages = body.messages.map((message, index) => readMessage(message, index, model));
  const texts = messages.flatMap((message) => message.texts);
  const asked = messages.filter((message) => message.role === 'user').at(-1);
  if (!asked) throw refusal.invalidParameter('messages must hold a message with the role user.');
  return {
    model,
    texts,
    prompt: asked.texts.join('\n'),
    media: messages.flatMap((message) => message.media),
    ...checkResponseFormat(body, texts, model),
    ...checkTranslation(
      body,
      messages.map(({ role }) => role),
      model,
    ),
    stream: body.stream === true,
    includeUsage: isObject(body.stream_options) && body.stream_options.include_usage === true,
    maxTokens: (body.max_completion_tokens ?? body.max_tokens ?? undefined) as number | undefined,
  };
}
