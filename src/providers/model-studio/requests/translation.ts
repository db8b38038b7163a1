/**
 * Translations by Qwen-MT, over the OpenAI-compatible endpoint: one user message, and the languages beside it.
 * https://help.aliyun.com/en/model-studio/qwen-mt-api
 */
import { type Json, optionalObject, refuse, refuseUnknown } from '../../../fields.js';
import { isDirectory } from '../../../storage/path.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { billOf, wholeOf } from '../price.js';
import { translationTypes } from '../translation-table.js';
import { readFunctionRequest } from './function-request.js';
import { listFields } from './parameters.js';
import { readAnswer } from './text.js';
import { mostInputTokens } from './token-bounds.js';

const knownParameters = [
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'seed',
  'repetition_penalty',
  'translation_options',
];

export const translations: Family = {
  task: 'translation',
  types: translationTypes,
  fields: () => listFields(['prompt', 'to_lang'], knownParameters),
  check,
};

/** What the source is, fixed words, earlier translations, what the text is about. */
const knownOptions = ['source_lang', 'terms', 'tm_list', 'domains'];

function check(asked: Asked): StudioRequest {
  const { model, type, file } = asked;
  if (file && !isDirectory(file.path))
    refuse('file', file.text, 'left out of a translation', 'A text is translated, no file.');
  const { prompt, target, options, parameters } = readRequest(asked.text);
  const { inputTokens = 0 } = mostInputTokens([{ text: prompt + JSON.stringify(options) }]);
  const outputTokens = wholeOf(parameters.max_tokens) ?? type.mostOutputTokens ?? 0;
  return {
    ...{ type, scenario: 'text', makes: 'text', output: undefined, notes: [], followed: false, media: [] },
    estimate: billOf(type, model.config, { inputTokens, outputTokens }),
    body: () => ({
      model: model.modelType,
      messages: [{ role: 'user', content: prompt }],
      translation_options: { source_lang: 'auto', ...options, target_lang: target },
      ...parameters,
    }),
    read: (reply) => readAnswer(reply, asked, false),
  };
}

function readRequest(text: string): { prompt: string; target: string; options: Json; parameters: Json } {
  const request =
    readFunctionRequest(text, 'to_lang') ??
    refuse(
      'to_lang',
      undefined,
      'a language, in a request of a translation model',
      'Write ai_translate(model, text, \'en\'), or {"prompt": "…", "to_lang": "English"}.',
    );
  refuseUnknown(request.parameters, knownParameters, 'parameters of task translation');
  const options = optionalObject(request.parameters, 'translation_options');
  refuseUnknown(options, knownOptions, 'translation_options');
  const { translation_options: _, ...parameters } = request.parameters;
  return { prompt: request.prompt, target: englishName(request.other), options, parameters };
}

const code = /^[a-z]{2,3}([-_][a-z0-9]+)*$/i;
const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/** Qwen-MT wants the English name of a language; ai_translate takes codes too: `zh`, `zh-Hant`. */
function englishName(language: string): string {
  if (!code.test(language)) return language;
  try {
    return names.of(language.replaceAll('_', '-')) ?? language;
  } catch {
    return language;
  }
}
