/** Speech to text: one sound file, a task, and a document behind an address that holds what was said. */
import {
  type Json,
  optionalBoolean,
  optionalChoice,
  optionalInteger,
  optionalText,
  optionalTexts,
  refuse,
  refuseUnknown,
} from '../../../fields.js';
import { isObject, objectAt, storableJson, textOf } from '../../../json.js';
import { endingOf, endings, formatOf, type MediumKind } from '../../../media/kinds.js';
import { isDirectory } from '../../../storage/path.js';
import { type Made, type Medium, ProviderFailure } from '../../provider.js';
import type { Reply } from '../connection.js';
import { failedTask } from '../errors.js';
import type { Asked, Family, StudioRequest } from '../family.js';
import { billOf, countOf } from '../price.js';
import { speechTypes } from '../speech-table.js';

const granularities = ['none', 'sentence', 'speaker', 'word'] as const;
type Granularity = (typeof granularities)[number];
/** The provider takes files of up to 2 GB. */
const mostMebibytes = 2048;
/** The provider's own; speakers are told apart where that is asked for, and where their names are. */
const ownParameters = [
  ...[
    'channel_id',
    'vocabulary_id',
    'special_word_filter',
    'diarization_enabled',
    'speaker_count',
    'language_hints',
    'disfluency_removal_enabled',
    'timestamp_alignment_enabled',
  ],
];

export const speech: Family = {
  task: 'speech-to-text',
  types: speechTypes,
  fields: () => ['timestamp_granularity', ...ownParameters].join(', '),
  check,
};

function check(asked: Asked): StudioRequest {
  const { model, type } = asked;
  const options = readOptions(asked.text);
  const granularity = (optionalChoice(options, 'timestamp_granularity', granularities) ??
    'none') as Granularity;
  const parameters = readParameters(options, granularity);
  // Each is billed for itself (Model Studio, "Paraformer and Fun-ASR recorded speech").
  const tracks = new Set(parameters.channel_id as number[] | undefined).size || 1;
  return {
    ...{ type, scenario: 'transcription', makes: 'text', output: undefined, notes: [], followed: true },
    media: [readSound(asked)],
    // How long the file is bounds how long somebody speaks in it.
    estimate: billOf(type, model.config, {}),
    measure: ([seconds]) =>
      billOf(type, model.config, seconds === undefined ? {} : { seconds: Math.ceil(seconds) * tracks }),
    pretended: JSON.stringify({
      dry_run: true,
      ...(granularity === 'none' ? { text: '', duration: 0 } : { segments: [] }),
    }),
    body: (addresses) => ({ model: model.modelType, input: { file_urls: addresses }, parameters }),
    read: (reply) => read(reply, asked, granularity),
    finish: (made, document) => ({
      ...made,
      urls: [],
      text: storableJson(transcript(document, granularity)),
    }),
  };
}

function readOptions(text: string): Json {
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch {
    options = text;
  }
  const hint = 'Write ai_transcribe(model, file, \'{"timestamp_granularity": "sentence"}\'::jsonb).';
  if (!isObject(options)) return refuse('options', options, 'a JSON object', hint);
  refuseUnknown(options, ['timestamp_granularity', ...ownParameters], 'options of task speech-to-text');
  return options;
}

function readParameters(options: Json, granularity: Granularity): Json {
  const diarization = optionalBoolean(options, 'diarization_enabled') ?? granularity === 'speaker';
  const speakers = optionalInteger(options, 'speaker_count', [2, 100]);
  if (granularity === 'speaker' && !diarization)
    refuse('diarization_enabled', false, "true (or left out) beside timestamp_granularity 'speaker'");
  const { channel_id: channels } = options;
  if (
    channels !== undefined &&
    !(Array.isArray(channels) && channels.every((each) => Number.isInteger(each)))
  )
    refuse('channel_id', channels, 'an array of whole numbers');
  const own = {
    channel_id: channels,
    vocabulary_id: optionalText(options, 'vocabulary_id'),
    special_word_filter: optionalText(options, 'special_word_filter'),
    language_hints: optionalTexts(options, 'language_hints'),
    disfluency_removal_enabled: optionalBoolean(options, 'disfluency_removal_enabled'),
    timestamp_alignment_enabled: optionalBoolean(options, 'timestamp_alignment_enabled'),
    diarization_enabled: diarization || undefined,
    speaker_count: speakers,
  };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}

const heard: MediumKind[] = ['sound', 'video'];

function readSound({ file, model, type }: Asked): Medium {
  const hint = "Pass to_file('oss://bucket/path/speech.wav', …).";
  if (!file || isDirectory(file.path))
    return refuse('the FILE', file?.text ?? null, `the sound file that ${model.name} is to hear`, hint);
  const hears = (ending: string | undefined) =>
    heard.includes(formatOf(`.${ending}`)?.kind ?? 'picture') && !type.readsNot?.includes(ending ?? '');
  const { text, path } = file;
  const format = formatOf(path.key);
  if (format && hears(endingOf(path.key)))
    return { field: 'the FILE', text, path, kinds: [format.kind], file, anyForm: true, mostMebibytes };
  return refuse(
    'the FILE',
    text,
    `a sound or video file that ${model.modelType} hears`,
    `Known endings: ${endings.filter(hears).join(', ')}.`,
  );
}

/** Codes of files in which nobody speaks, which is no failure. */
const silences = new Set(['SUCCESS_WITH_NO_VALID_FRAGMENT', 'ASR_RESPONSE_HAVE_NO_WORDS']);

/** A task has succeeded when one of its files has: the file's own status counts. */
function read({ body, requestId }: Reply, { type, model }: Asked, granularity: Granularity): Made {
  const output = objectAt(body, 'output');
  const [result] = Array.isArray(output.results) ? output.results.filter(isObject) : [];
  const url = textOf(result?.transcription_url);
  const { code, message } = result?.code === undefined ? output : result;
  const failure = () =>
    failedTask(textOf(code) ?? 'NoAnswer', textOf(message) ?? 'no transcript and no reason', requestId);
  const usage = objectAt(body, 'usage');
  const seconds = countOf(usage.duration);
  if (silences.has(textOf(code) ?? '')) {
    const nothingSaid = granularity === 'none' ? { text: '', duration: seconds ?? 0 } : { segments: [] };
    return {
      ...{ requestId, urls: [], text: storableJson(nothingSaid), usage, task: undefined, notes: [] },
      bill: billOf(type, model.config, { seconds: seconds ?? 0 }),
    };
  }
  const hasFailed = output.task_status === 'FAILED' || result?.subtask_status === 'FAILED';
  // What was heard is billed, also where the answer does not say what.
  if (hasFailed || (!url && seconds === undefined)) throw failure();
  return {
    ...{ requestId, urls: url ? [url] : [], text: undefined, usage, task: undefined, notes: [] },
    ...(!url && { error: failure() }),
    bill: billOf(type, model.config, seconds === undefined ? {} : { seconds }),
  };
}

/** The forms of Hologres' ai_transcribe, times in seconds: {text, duration}, or {segments: [{start, end, text[, speaker_id]}]}. */
function transcript(document: Json, granularity: Granularity): Json {
  const transcripts = Array.isArray(document.transcripts) ? document.transcripts.filter(isObject) : [];
  if (transcripts.length === 0) throw noTranscript();
  if (granularity === 'none') {
    const { original_duration_in_milliseconds: length } = objectAt(document, 'properties');
    return {
      text: transcripts.map((each) => textOf(each.text) ?? '').join('\n'),
      duration: secondsOf(length ?? transcripts[0]?.content_duration_in_milliseconds),
    };
  }
  const sentences = transcripts.flatMap((each) => arrayAt(each, 'sentences'));
  const parts = granularity === 'word' ? sentences.flatMap((each) => arrayAt(each, 'words')) : sentences;
  return { segments: parts.map((part) => segment(part, granularity)) };
}

function segment(part: Json, granularity: Granularity): Json {
  return {
    start: secondsOf(part.begin_time),
    end: secondsOf(part.end_time),
    text: `${textOf(part.text) ?? ''}${textOf(part.punctuation) ?? ''}`,
    ...(granularity === 'speaker' && { speaker_id: part.speaker_id ?? null }),
  };
}

function secondsOf(milliseconds: unknown): number | null {
  const count = countOf(milliseconds);
  return count === undefined ? null : count / 1000;
}

function arrayAt(from: Json, name: string): Json[] {
  const value = from[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function noTranscript(): ProviderFailure {
  return new ProviderFailure({
    kind: 'providerFailure',
    code: 'NoAnswer',
    message: 'Model Studio answered with a transcript that has nothing in it',
    ...{ repeat: 'again', requestId: '' },
  });
}
