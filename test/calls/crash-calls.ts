/** The calls that crash tests make: a few kinds of them, each with a word in its prompt that tells it from all others. */
import type pg from 'pg';
import { rights } from './statements.js';

/** What is called, in turn. The limits of the deployed models are wide, so that a kill hits many calls at once. */
export const kinds = [
  {
    model: 'video',
    type: 'wan2.6-t2v',
    task: 'video-generation',
    parameters: { size: '1280x720', duration: 2 },
  },
  {
    model: 'task_picture',
    type: 'wan2.6-t2i',
    task: 'image-generation',
    parameters: { size: '1280x1280' },
  },
  {
    model: 'picture',
    type: 'qwen-image-2.0',
    task: 'image-generation',
    parameters: { size: '512x512' },
  },
  { model: 'text', type: 'qwen-plus', task: 'chat/completions', parameters: undefined },
  {
    model: 'other_task_picture',
    type: 'qwen-image',
    task: 'image-generation',
    parameters: { size: '1328x1328' },
  },
] as const;
export const other = {
  ...{ ...kinds[0], model: 'other_video', type: 'wan2.6-t2v-us' },
  parameters: { size: '1280x720', duration: 5 },
} as const;
/** What is made of a picture, which the provider fetches at a signed address. */
export const mediaKinds = [
  {
    model: 'edit',
    type: 'qwen-image-edit-plus',
    task: 'image-generation',
    parameters: { size: '512*512' },
    input: 'reference_urls',
  },
  {
    model: 'film_of_picture',
    type: 'wan2.6-i2v',
    task: 'video-generation',
    parameters: { resolution: '720P', duration: 2 },
    input: 'img_url',
  },
] as const;
export type Kind = (typeof kinds)[number] | typeof other | (typeof mediaKinds)[number];
/** Its tasks tell their prompt, so that a lost answer is always found; wan2.6-t2i tells none. */
export const isProvable = (kind: Kind) => kind.type.startsWith('wan2.6-t2v') || kind.type === 'qwen-image';

export interface Wanted {
  /** A word of the prompt that no other call has. */
  word: string;
  kind: Kind;
  saved: boolean;
}

export function wish(
  word: string,
  kindNumber: number,
  saved = false,
  among: readonly Kind[] = kinds,
): Wanted {
  const kind = among[kindNumber % among.length] as Kind;
  return { word, kind, saved: saved && kind.model !== 'text' };
}

/** Where the picture lies that the call is made of. */
export function inputOf({ word, kind }: Wanted): string | undefined {
  return 'input' in kind ? `in/${word}${kind.model}.png` : undefined;
}

export function requestOf({ word, kind, saved }: Wanted): string {
  if (kind.model === 'text') return `say ${word}`;
  const output = saved ? { output_dir: 'oss://bucket/out/' } : {};
  const path = `oss://bucket/${inputOf({ word, kind, saved })}`;
  const input = 'input' in kind ? { [kind.input]: kind.input === 'img_url' ? path : [path] } : {};
  return JSON.stringify({ prompt: `a lake, ${word}`, parameters: kind.parameters, ...input, ...output });
}

/** The FILE that it needs, in SQL. */
export function fileOf({ kind, saved }: Wanted): string {
  return saved || 'input' in kind ? `to_file('oss://bucket/out/', '${rights.join("', '")}')` : 'NULL';
}

/** All rows in one statement, whose calls are submitted ahead; word -> result. */
export async function generate(client: pg.Client, rows: Wanted[]): Promise<Map<string, string>> {
  const [first] = rows;
  const file = first ? fileOf(first) : 'NULL';
  const { rows: made } = await client.query<{ word: string; result: string }>(
    `SELECT word, ai_gen($1::text, request, ${file}) AS result FROM unnest($2::text[], $3::text[]) AS wanted (word, request)`,
    [first?.kind.model, rows.map(({ word }) => word), rows.map(requestOf)],
  );
  return new Map(made.map(({ word, result }) => [word, result]));
}
