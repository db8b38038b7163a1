/** What ai_translate asks, of a chat model or of one that only translates: `{"prompt": …, "to_lang": …, "parameters": {…}}`. */
import { isObject, type Json, optionalObject, refuseUnknown, requiredText } from '../../../fields.js';

export interface TranslationRequest {
  prompt: string;
  /** As it was written: a name of a language, or a code. */
  toLang: string;
  parameters: Json;
}

/** Undefined: the request is another one. */
export function readTranslation(text: string): TranslationRequest | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(request) || !Object.hasOwn(request, 'to_lang')) return undefined;
  refuseUnknown(request, ['prompt', 'to_lang', 'parameters'], 'a translation');
  return {
    prompt: requiredText(request, 'prompt'),
    toLang: requiredText(request, 'to_lang'),
    parameters: optionalObject(request, 'parameters'),
  };
}
