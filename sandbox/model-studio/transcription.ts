/** `POST …/asr/transcription`: checks a submit and queues its task. */
import { authenticate, type Exchange, readJson, sendJson } from './exchange.js';
import { checkMediaUrl, mediaRules } from './media-rules.js';
import type { LimitedModel } from './model-type.js';
import { isObject } from './parameter-check.js';
import type { Limiter } from './rate-limits.js';
import { refusal } from './refusal.js';
import { submittedReply } from './replies.js';
import type { SpeechWork } from './speech-task.js';
import type { TaskSeed } from './tasks.js';
import { speechModels } from './text-models.js';
import type { Uploads } from './uploads.js';

export interface TranscriptionContext {
  tasks: { submit(seed: TaskSeed<SpeechWork>): { id: string } };
  limiter: Limiter;
  uploads: Pick<Uploads, 'resolve'>;
}

const path = 'audio/asr/transcription';
const mostFiles = 100;

function findModel(body: unknown): LimitedModel {
  const name = isObject(body) ? String(body.model) : '';
  const submits = Object.hasOwn(speechModels, name) ? speechModels[name] : undefined;
  if (submits === undefined) throw refusal.modelNotFound(`Model can not be found: ${name}.`);
  return {
    name,
    limit: { submits: submits / 60, windowMs: 1000, concurrentTasks: Number.POSITIVE_INFINITY },
  };
}

function readUrls(input: unknown): string[] {
  const urls = isObject(input) ? input.file_urls : undefined;
  if (!Array.isArray(urls) || urls.length === 0)
    throw refusal.invalidParameter('input must contain file_urls');
  if (urls.length > mostFiles || !urls.every((url) => typeof url === 'string')) {
    throw refusal.invalidParameter(`file_urls must be an array of at most ${mostFiles} strings.`);
  }
  for (const [index, url] of urls.entries()) checkMediaUrl(`file_urls[${index}]`, url, mediaRules.speech);
  return urls;
}

const isText = (value: unknown) => typeof value === 'string';
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const parameterRules: Readonly<Record<string, (value: unknown) => boolean>> = {
  channel_id: (value) => Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0),
  vocabulary_id: isText,
  special_word_filter: isText,
  diarization_enabled: (value) => typeof value === 'boolean',
  speaker_count: (value) => Number.isInteger(value) && (value as number) >= 2 && (value as number) <= 100,
  language_hints: isTexts,
};

function checkParameters(parameters: unknown): { diarization: boolean } {
  if (parameters !== undefined && !isObject(parameters)) {
    throw refusal.invalidParameter('parameters must be an object.');
  }
  for (const [name, value] of Object.entries(parameters ?? {})) {
    const fits = Object.hasOwn(parameterRules, name) ? parameterRules[name] : undefined;
    if (!fits?.(value)) throw refusal.invalidParameter(`parameters.${name} is not valid.`);
  }
  return { diarization: parameters?.diarization_enabled === true };
}

/** Handles one submit. */
export async function handleTranscription(exchange: Exchange, context: TranscriptionContext): Promise<void> {
  const apiKey = authenticate(exchange.request);
  const { body: sent } = await readJson(exchange);
  const body = context.uploads.resolve(sent, exchange, apiKey);
  const model = findModel(body);
  if (exchange.request.headers['x-dashscope-async'] !== 'enable') {
    throw refusal.accessDenied('current user api does not support synchronous calls.');
  }
  context.limiter.countSubmit(apiKey, model);
  const { input, parameters } = body as { input?: unknown; parameters?: unknown };
  const work: SpeechWork = { model, urls: readUrls(input), ...checkParameters(parameters) };
  const { requestId } = exchange;
  const task = context.tasks.submit({ model, path, apiKey, requestId, work });
  exchange.record.taskId = task.id;
  sendJson(exchange, 200, submittedReply(requestId, task.id));
}
