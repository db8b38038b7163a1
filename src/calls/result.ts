/** The JSON that ai_gen returns, in the shapes Hologres documents: `requestId` for pictures, `request_id` for video. */
import { isObject, type Json, objectAt, textOf } from '../json.js';
import type { Reply } from '../providers/model-studio/client.js';
import type { ModelType } from '../providers/model-studio/model-table.js';

export interface Produced {
  /** Temporary URLs of the made files, in order. */
  urls: string[];
  requestId: string;
  usage: Json;
  /** The task as the provider tells it; pictures made synchronously have none. */
  task: Json | undefined;
}

/** Finds the made files wherever the family puts them: choices, results, video_url. */
export function readProduced(type: ModelType, reply: Reply): Produced {
  const output = objectAt(reply.body, 'output');
  return {
    urls: [...choiceUrls(output), ...resultUrls(output), ...videoUrls(output)],
    requestId: reply.requestId,
    usage: objectAt(reply.body, 'usage'),
    task: type.mode === 'async' ? output : undefined,
  };
}

/** The pictures of a task that could not be made, each with code and message: a task has succeeded when one of its pictures has. */
export function failedPictures(reply: Reply): Json[] {
  const { results } = objectAt(reply.body, 'output');
  return Array.isArray(results) ? results.filter(isObject).filter((item) => textOf(item.code)) : [];
}

function choiceUrls(output: Json): string[] {
  const choices = Array.isArray(output.choices) ? output.choices.filter(isObject) : [];
  return choices.flatMap((choice) => {
    const content = objectAt(choice, 'message').content;
    return Array.isArray(content) ? content.filter(isObject).flatMap((item) => textOf(item.image) ?? []) : [];
  });
}

function resultUrls(output: Json): string[] {
  const results = Array.isArray(output.results) ? output.results.filter(isObject) : [];
  return results.flatMap((item) => textOf(item.url) ?? textOf(item.video_url) ?? []);
}

function videoUrls(output: Json): string[] {
  return [textOf(output.video_url) ?? textOf(objectAt(output, 'results').video_url)].flatMap(
    (url) => url ?? [],
  );
}

export function pictureResult(produced: Produced, ossPaths: string[]): string {
  return JSON.stringify({
    requestId: produced.requestId,
    usage: produced.usage,
    image_urls: produced.urls,
    image_oss_paths: ossPaths,
  });
}

/** Fields of a task in the documented order; a failed one has code and message instead of a video. */
const taskFields = [
  'task_id',
  'task_status',
  'submit_time',
  'scheduled_time',
  'end_time',
  'orig_prompt',
  'actual_prompt',
  'video_url',
  'code',
  'message',
];

export function videoResult(
  requestId: string,
  task: Json,
  usage: Json,
  url: string | undefined,
  ossPath: string | undefined,
): string {
  const output: Json = {};
  for (const field of taskFields) {
    const value = field === 'video_url' ? url : task[field];
    if (value !== undefined) output[field] = value;
  }
  if (ossPath) output.video_oss_path = ossPath;
  const failed = task.task_status === 'FAILED';
  return JSON.stringify({
    request_id: requestId,
    output,
    ...(failed && Object.keys(usage).length === 0 ? {} : { usage }),
  });
}

/** The answer of a chat model: its text, nothing around it, and nothing in it that PostgreSQL cannot hold. */
export function chatText(reply: Reply): string {
  const choices = Array.isArray(reply.body.choices) ? reply.body.choices.filter(isObject) : [];
  const content = choices[0] && objectAt(choices[0], 'message').content;
  const text = Array.isArray(content)
    ? content
        .filter(isObject)
        .map((part) => textOf(part.text) ?? '')
        .join('')
    : content;
  // A limit of tokens may cut an emoji in half; a NUL no text type can store.
  return typeof text === 'string' ? text.replaceAll('\0', '').toWellFormed() : '';
}

/** An embedding in the text form of a PostgreSQL array, because users cast it: ai_gen(…)::float4[]. */
export function embeddingText(reply: Reply): string {
  const data = Array.isArray(reply.body.data) ? reply.body.data.filter(isObject) : [];
  const vector = data[0]?.embedding;
  return `{${Array.isArray(vector) ? vector.join(',') : ''}}`;
}
