/** The task of a transcription: hears files, and writes a document for each that says what the sandbox heard. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MediaFetcher } from './media-fetch.js';
import { mediaRules } from './media-rules.js';
import type { LimitedModel } from './model-type.js';
import { Refusal } from './refusal.js';
import type { ResultStore } from './results.js';

/** What a task is to hear. */
export interface SpeechWork {
  model: LimitedModel;
  urls: string[];
  diarization: boolean;
}

/** One entry a file: each succeeds or fails by itself. */
export interface SpeechOutcome {
  results: Record<string, unknown>[];
  /** Of speech, all files together: what is billed. */
  seconds: number;
}

export interface SpeechContext {
  media: MediaFetcher;
  results: ResultStore;
  latencyMs(): number;
}

/** Hears the files of a task; a Refusal is the failure of all of it. */
export async function transcribe(
  work: SpeechWork,
  { media, results, latencyMs }: SpeechContext,
  signal: AbortSignal,
): Promise<SpeechOutcome> {
  await delay(latencyMs(), undefined, { signal });
  let seconds = 0;
  const heard = await Promise.all(
    work.urls.map(async (url, index) => {
      try {
        const use = { field: `file_urls[${index}]`, url, rule: mediaRules.speech };
        const file = await media.fetch(use, signal);
        const spoken = Math.max(1, Math.round(file.seconds ?? 1));
        seconds += spoken;
        const document = documentOf(url, spoken, `${file.format}, ${file.bytes.length} bytes`, work);
        const transcriptionUrl = await results.addDocument(`${randomUUID()}.json`, document);
        return { file_url: url, transcription_url: transcriptionUrl, subtask_status: 'SUCCEEDED' };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const failure = {
          code: 'InvalidFile.DownloadFailed',
          message: 'The audio file cannot be downloaded.',
        };
        const known = error.code.startsWith('InvalidFile')
          ? { code: error.code, message: error.message }
          : failure;
        return { file_url: url, ...known, subtask_status: 'FAILED' };
      }
    }),
  );
  if (heard.every((result) => result.subtask_status === 'FAILED')) {
    const [first] = heard as { code: string; message: string }[];
    throw new Refusal(400, first?.code ?? '', first?.message ?? '');
  }
  return { results: heard, seconds };
}

/** Two sentences share the time, and the words of each its half; the second is another speaker's. */
function documentOf(url: string, seconds: number, what: string, work: SpeechWork) {
  const lengthMs = seconds * 1000;
  const texts = [`This is the sandbox ${work.model.name}.`, `It heard ${what}.`];
  const sentences = texts.map((text, index) => {
    const begin = (index * lengthMs) / texts.length;
    const end = ((index + 1) * lengthMs) / texts.length;
    return {
      ...{ begin_time: begin, end_time: end, text, sentence_id: index + 1 },
      ...(work.diarization ? { speaker_id: index } : {}),
      words: wordsOf(text, begin, end),
    };
  });
  return {
    file_url: url,
    properties: {
      ...{ audio_format: 'pcm_s16le', channels: [0], original_sampling_rate: 16_000 },
      original_duration_in_milliseconds: lengthMs,
    },
    transcripts: [
      { channel_id: 0, content_duration_in_milliseconds: lengthMs, text: texts.join(' '), sentences },
    ],
  };
}

function wordsOf(text: string, begin: number, end: number) {
  const words = text.split(' ');
  const each = (end - begin) / words.length;
  return words.map((word, index) => {
    const [, letters = word, punctuation = ''] = /^(.*?)([.,]?)$/.exec(word) ?? [];
    const from = Math.round(begin + index * each);
    return { begin_time: from, end_time: Math.round(from + each), text: letters, punctuation };
  });
}

/** `output` and `usage` of a task that has ended well. */
export function transcriptionReply({ results, seconds }: SpeechOutcome) {
  const succeeded = results.filter((result) => result.subtask_status === 'SUCCEEDED').length;
  const metrics = { TOTAL: results.length, SUCCEEDED: succeeded, FAILED: results.length - succeeded };
  return { output: { results, task_metrics: metrics }, usage: { duration: seconds } };
}
