/** The text that ai_gen returns, in the shapes Hologres documents: `requestId` for pictures, `request_id` for video. */
import { type Json, storableJson } from '../json.js';
import type { CheckedRequest, Made } from '../providers/provider.js';

/** `ossPaths`: where the files were saved, in their order; empty where they were not. */
export function resultOf({ makes }: Pick<CheckedRequest, 'makes'>, made: Made, ossPaths: string[]): string {
  switch (makes) {
    case 'text':
      return made.text ?? '';
    case 'pictures':
      return pictureResult(made, ossPaths);
    case 'video':
      return videoResult(made, ossPaths[0]);
  }
}

function pictureResult({ requestId, usage, urls, parts }: Made, ossPaths: string[]): string {
  const content = parts?.map((part) =>
    'text' in part ? part : { image: ossPaths[part.picture] ?? urls[part.picture] },
  );
  return storableJson({
    ...{ requestId, usage, image_urls: urls, image_oss_paths: ossPaths },
    ...(content && { content }),
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

function videoResult(
  { requestId, usage, urls, failure, task = {} }: Made,
  ossPath: string | undefined,
): string {
  const output: Json = {};
  for (const field of taskFields) {
    const value = field === 'video_url' ? urls[0] : task[field];
    if (value !== undefined) output[field] = value;
  }
  if (ossPath) output.video_oss_path = ossPath;
  return storableJson({
    request_id: requestId,
    output,
    ...(failure && Object.keys(usage).length === 0 ? {} : { usage }),
  });
}
