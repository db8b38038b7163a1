/** The bodies of answers, family by family, as the public API pages show them. */
import { createHash } from 'node:crypto';
import { beijingTime } from './beijing-time.js';
import type { Outcome, Work } from './generate.js';
import { interleavedContent, interleavedUsage, isInterleaved } from './interleaved.js';
import { sizeClass } from './output-size.js';
import type { AnyOutcome, AnyWork } from './parts.js';
import { transcriptionReply } from './speech-task.js';
import type { Task } from './tasks.js';

type Json = Record<string, unknown>;

const asterisk = ({ width, height }: { width: number; height: number }) => `${width}*${height}`;

/** What prompt_extend made of the prompt; only some families tell it. */
function extendedPrompt(work: Work): string {
  return `${work.input.effectivePrompt} (extended by the sandbox)`.trim();
}

const choice = (content: Json[]) => ({ finish_reason: 'stop', message: { role: 'assistant', content } });

const taskMetrics = (total: number) => ({ TOTAL: total, SUCCEEDED: total, FAILED: 0 });

/** `output` and `usage` of a finished picture in message form. */
function messageReply(work: Work, outcome: Outcome): { output: Json; usage: Json } {
  const count = outcome.urls.length;
  if (work.model.own?.usage === 'tiers') return tierReply(outcome);
  if (isInterleaved(work.model))
    return {
      output: { choices: [choice(interleavedContent(work, outcome))], finished: true },
      usage: interleavedUsage(work, outcome),
    };
  if (work.model.family === 'wan-t2i' || 'image-generation/generation' in work.model.paths) {
    return {
      // This family answers one choice per picture, the others one choice with all of them.
      output: { choices: outcome.urls.map((url) => choice([{ image: url, type: 'image' }])), finished: true },
      usage: {
        image_count: count,
        size: asterisk(outcome.size),
        input_tokens: 0,
        output_tokens: 0,
        total_tokens: 0,
      },
    };
  }
  const metric = work.model.family === 'qwen-image-fixed' ? { task_metric: taskMetrics(count) } : {};
  return {
    output: { choices: [choice(outcome.urls.map((url) => ({ image: url })))], ...metric },
    usage: { width: outcome.size.width, height: outcome.size.height, image_count: count },
  };
}

/** qwen-image-3.0 tells how large pictures are billed, going in and coming out. An edit is as large as can be, whatever was asked for. */
function tierReply({ urls, size, inputPictures }: Outcome): { output: Json; usage: Json } {
  const tier = inputPictures > 0 || size.width * size.height > 2_250_000 ? '2k' : '1k';
  return {
    output: { choices: [choice(urls.map((url) => ({ image: url })))] },
    usage: {
      output_width: size.width,
      output_height: size.height,
      output_image_count: urls.length,
      output_image_type: `qima_output_${tier}`,
      input_image_count: inputPictures,
      input_image_type: 'qima_input_1k',
    },
  };
}

/** The answer of a synchronous picture call. */
export function syncReply(requestId: string, work: Work, outcome: Outcome): Json {
  return { ...messageReply(work, outcome), request_id: requestId };
}

function videoUsage(work: Work, outcome: Outcome): Json {
  const { model, settings } = work;
  const { seconds } = outcome;
  const common = { video_count: 1, SR: sizeClass(settings) };
  switch (model.own?.usage) {
    case 'frame':
      return { duration: seconds, ...common };
    case 'size as ratio':
      return { video_duration: seconds, video_ratio: asterisk(outcome.size), video_count: 1 };
    case 'standard ratio':
      return { video_duration: seconds, video_ratio: 'standard', video_count: 1 };
  }
  if (model.family === 'media-video')
    return {
      duration: Math.round((seconds + outcome.inputSeconds) * 100) / 100,
      input_video_duration: outcome.inputSeconds,
      output_video_duration: seconds,
      ...common,
      ...(model.name.startsWith('wan3.0') && { fps: 30 }),
      ...(model.own?.tellsRatio && { ratio: settings.ratio ?? '16:9' }),
    };
  if (model.family === 'wan-kf2v') return { video_duration: seconds, ...common };
  return {
    duration: seconds + outcome.inputSeconds,
    ...(model.family === 'wan-i2v' ? {} : { size: asterisk(outcome.size) }),
    input_video_duration: outcome.inputSeconds,
    output_video_duration: seconds,
    ...common,
    ...(model.audioSwitch ? { audio: settings.audio } : {}),
  };
}

function succeededReply(work: Work, outcome: Outcome): { output: Json; usage: Json } {
  if (/^(text|image)2image\//.test(work.path)) {
    const prompts = {
      orig_prompt: work.input.prompt,
      ...(work.settings.promptExtend ? { actual_prompt: extendedPrompt(work) } : {}),
    };
    return {
      output: {
        results: outcome.urls.map((url) => ({ ...prompts, url })),
        task_metrics: taskMetrics(outcome.urls.length),
      },
      usage: { image_count: outcome.urls.length },
    };
  }
  if (work.model.kind === 'image') return messageReply(work, outcome);
  const tellsPrompt = work.model.family === 'wan-kf2v' && work.settings.promptExtend;
  return {
    output: {
      orig_prompt: work.input.prompt,
      ...(tellsPrompt ? { actual_prompt: extendedPrompt(work) } : {}),
      video_url: outcome.urls[0],
    },
    usage: videoUsage(work, outcome),
  };
}

function endedWell(work: AnyWork, outcome: AnyOutcome): { output: Json; usage: Json } {
  return 'results' in outcome ? transcriptionReply(outcome) : succeededReply(work as Work, outcome);
}

/** The answer to an accepted asynchronous submit. */
export function submittedReply(requestId: string, taskId: string): Json {
  return { output: { task_status: 'PENDING', task_id: taskId }, request_id: requestId };
}

/** The answer to a task query; an unknown or expired id is UNKNOWN, not an error. */
export function taskReply(requestId: string, id: string, task: Task<AnyWork, AnyOutcome> | undefined): Json {
  if (!task) return { request_id: requestId, output: { task_id: id, task_status: 'UNKNOWN' } };
  const time = (name: string, atMs: number | undefined) =>
    atMs === undefined ? {} : { [name]: beijingTime(atMs) };
  const head = {
    task_id: id,
    task_status: task.status,
    ...time('submit_time', task.submittedAtMs),
    ...time('scheduled_time', task.scheduledAtMs),
    ...time('end_time', task.endedAtMs),
  };
  if (task.status === 'FAILED') {
    const failure = task.failure?.code ? task.failure : {};
    return { request_id: requestId, output: { ...head, ...failure } };
  }
  if (task.status !== 'SUCCEEDED' || !task.outcome) return { request_id: requestId, output: head };
  const { output, usage } = endedWell(task.work, task.outcome);
  return { request_id: requestId, output: { ...head, ...output }, usage };
}

/** One row of the task list; times in milliseconds. */
export function taskListItem(task: Task<AnyWork, AnyOutcome>): Json {
  return {
    task_id: task.id,
    status: task.status,
    model_name: task.model.name,
    region: 'cn-beijing',
    request_id: task.requestId,
    api_key_id: createHash('sha256').update(task.apiKey).digest('hex').slice(0, 8),
    caller_uid: '1000000000000001',
    caller_parent_id: '1000000000000001',
    gmt_create: task.submittedAtMs,
    start_time: task.scheduledAtMs ?? task.submittedAtMs,
    ...(task.endedAtMs === undefined ? {} : { end_time: task.endedAtMs }),
    user_api_unique_key: `apikey:v1:aigc:${task.path.replace('/', ':')}:${task.model.name}`,
  };
}
