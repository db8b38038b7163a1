/**
 * What ai_translate and ai_rank ask, of a chat model or of one that does nothing else: `{"prompt": …, "to_lang": …}`,
 * `{"prompt": …, "document": …}`, with `parameters`.
 */
import { isObject, type Json, optionalObject, refuseUnknown, requiredText } from '../../../fields.js';

export interface FunctionRequest {
  prompt: string;
  /** The field that tells these requests from others. */
  other: string;
  parameters: Json;
}

/** Undefined: the request is another one. */
export function readFunctionRequest(
  text: string,
  field: 'to_lang' | 'document',
): FunctionRequest | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(request) || !Object.hasOwn(request, field)) return undefined;
  refuseUnknown(request, ['prompt', field, 'parameters'], `a request with ${field}`);
  return {
    prompt: requiredText(request, 'prompt'),
    other: requiredText(request, field),
    parameters: optionalObject(request, 'parameters'),
  };
}

/** The same for a model that only chats; what follows the instruction is what is read, whatever it says. */
export function readAsChat(text: string): { said: string; parameters: Json } | undefined {
  const translation = readFunctionRequest(text, 'to_lang');
  if (translation) {
    const { prompt, other, parameters } = translation;
    const said = `Translate the text into this language: ${other}. Write the translation and nothing else.\n\n${prompt}`;
    return { said, parameters: { temperature: 0, ...parameters } };
  }
  const ranking = readFunctionRequest(text, 'document');
  if (!ranking) return undefined;
  const { prompt, other, parameters } = ranking;
  const said =
    'How well does the document answer the query, from 0 (not at all) to 1 (fully)? Answer in JSON, {"score": …}.\n\n' +
    `Query: ${prompt}\n\nDocument: ${other}`;
  return { said, parameters: { temperature: 0, response_format: scoreFormat, ...parameters } };
}

const scoreFormat = {
  type: 'json_schema',
  json_schema: {
    name: 'answer',
    strict: true,
    schema: {
      type: 'object',
      properties: { score: { type: 'number', minimum: 0, maximum: 1 } },
      required: ['score'],
      additionalProperties: false,
    },
  },
};
