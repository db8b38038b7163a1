/** The documentation's SQL examples: one file a statement as printed there, and what each must give back. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Names and types of JSON values in their order; an array holds one entry an element. */
export type Shape = 'string' | 'number' | 'boolean' | 'null' | Shape[] | { [key: string]: Shape };

interface Expectation {
  shape: Shape;
  /** Numbers and texts of `usage` that the request decides. */
  usage: Record<string, unknown>;
  size: string;
  /** Videos only. */
  durationSeconds?: number;
  /** Directory of output_dir, where the example names one. */
  savedIn?: string;
}

export interface DocumentedStatement extends Expectation {
  /** `1-text-to-image` … in the order of the documentation. */
  name: string;
  path: string;
  text: string;
  /** The arguments of ai_gen and to_file; `request` is the SQL expression that builds it. */
  model: string;
  requestExpression: string;
  ossPath: string;
  ossEndpoint: string;
  roleArn: string;
}

const pictures = (count: number, saved: number): Shape => ({
  requestId: 'string',
  usage: { width: 'number', height: 'number', image_count: 'number' },
  image_urls: Array(count).fill('string'),
  image_oss_paths: Array(saved).fill('string'),
});

const video = (output: Record<string, Shape>, usage: Record<string, Shape>): Shape => ({
  request_id: 'string',
  output: {
    task_id: 'string',
    task_status: 'string',
    submit_time: 'string',
    scheduled_time: 'string',
    end_time: 'string',
    orig_prompt: 'string',
    ...output,
  },
  usage,
});

const sizedUsage: Record<string, Shape> = {
  duration: 'number',
  size: 'string',
  input_video_duration: 'number',
  output_video_duration: 'number',
  video_count: 'number',
  SR: 'number',
};
const { size: _, ...unsizedUsage } = sizedUsage;

const square = { width: 1024, height: 1024 };
const fiveSeconds = {
  duration: 5,
  input_video_duration: 0,
  output_video_duration: 5,
  video_count: 1,
  SR: 720,
};

/** First frame and first-and-last frame follow the ratio of the first picture: a square of 720P's area, sides of whole 16s. */
const expectations: Record<string, Expectation> = {
  '1-text-to-image': { shape: pictures(1, 0), usage: { ...square, image_count: 1 }, size: '1024x1024' },
  '2-text-to-image-saved': {
    shape: pictures(1, 1),
    usage: { ...square, image_count: 1 },
    size: '1024x1024',
    savedIn: 'oss://xxx/holo_ai_powered_marketing_content/',
  },
  '3-image-editing': { shape: pictures(2, 0), usage: { ...square, image_count: 2 }, size: '1024x1024' },
  '4-multi-image-fusion': { shape: pictures(1, 0), usage: { ...square, image_count: 1 }, size: '1024x1024' },
  '5-text-to-video': {
    shape: video({ video_url: 'string' }, sizedUsage),
    usage: { ...fiveSeconds, size: '1280*720' },
    size: '1280x720',
    durationSeconds: 5,
  },
  '6-first-frame': {
    shape: video({ video_url: 'string' }, unsizedUsage),
    usage: fiveSeconds,
    size: '960x960',
    durationSeconds: 5,
  },
  '7-first-and-last-frame': {
    shape: video(
      { actual_prompt: 'string', video_url: 'string' },
      { video_duration: 'number', video_count: 'number', SR: 'number' },
    ),
    usage: { video_duration: 5, video_count: 1, SR: 720 },
    size: '960x960',
    durationSeconds: 5,
  },
  '8-reference-video': {
    shape: video({ video_url: 'string', video_oss_path: 'string' }, sizedUsage),
    usage: { ...fiveSeconds, size: '1280*720' },
    size: '1280x720',
    durationSeconds: 5,
    savedIn: 'oss://bucket/output/',
  },
};

const callPattern =
  /ai_gen\('(?<model>\w+)',\s*(?<request>json_build_object[\s\S]*\)::TEXT),\s*to_file\s?\('(?<path>[^']*)', '(?<endpoint>[^']*)', '(?<role>[^']*)'\)/;

export const documentedStatements: DocumentedStatement[] = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.sql'))
  .sort()
  .map(readStatement);

function readStatement(file: string): DocumentedStatement {
  const url = new URL(file, import.meta.url);
  const name = file.replace('.sql', '');
  const text = readFileSync(url, 'utf8');
  const call = callPattern.exec(text)?.groups;
  const expectation = expectations[name];
  if (!call || !expectation) throw new Error(`${file} is not one of the documented statements`);
  return {
    ...expectation,
    name,
    path: fileURLToPath(url),
    text,
    model: call.model ?? '',
    requestExpression: call.request ?? '',
    ossPath: call.path ?? '',
    ossEndpoint: call.endpoint ?? '',
    roleArn: call.role ?? '',
  };
}

/** Compare with JSON.stringify on both sides: the order of keys counts. */
export function shapeOf(value: unknown): Shape {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object') return typeof value as Shape;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

export interface PictureResult {
  requestId: string;
  usage: Record<string, unknown>;
  image_urls: string[];
  image_oss_paths: string[];
}

export interface VideoResult {
  request_id: string;
  output: Record<string, string> & { video_url: string; video_oss_path?: string };
  usage: Record<string, unknown>;
}

/** The files of a result: temporary URLs and saved paths, in order. */
export function filesOf(result: PictureResult | VideoResult): { urls: string[]; saved: string[] } {
  if ('image_urls' in result) return { urls: result.image_urls, saved: result.image_oss_paths };
  const { video_url: url, video_oss_path: saved } = result.output;
  return { urls: [url], saved: saved ? [saved] : [] };
}
