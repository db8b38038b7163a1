/** The statement that a filled form means: which fields a model has, and how they are written. */
import type { Model, Models, PlaceOfFiles, SupportedModel } from '../server/answers.js';
import { callOf } from './again.js';

export interface Filled {
  prompt: string;
  size: string;
  pictures: number;
  seconds: number;
  /** Paths of pictures and films in a store, in order; a model takes those of its kind. */
  references: string[];
  /** Where the result is saved, and with which right the references are read. */
  place: PlaceOfFiles | undefined;
}

/** What a model's form asks for; undefined or 0: not this. */
export interface Fields {
  sizes: { name: string; values: string[] } | undefined;
  pictures: [least: number, most: number] | undefined;
  seconds: [least: number, most: number] | undefined;
  references: number;
  referenceKind: 'pictures' | 'videos';
  /** The output is a file that a store may keep. */
  saves: boolean;
}

/** A dated or regional name has the rules of its plain one. */
const variant = /(-us)?(-\d{4}-\d{2}-\d{2})?$/;

export function rulesOf(model: Model, { supported }: Models): SupportedModel | undefined {
  const named = (type: string) => supported.find((rules) => rules.type === type && rules.task === model.task);
  return named(model.type) ?? named(model.type.replace(variant, ''));
}

export function fieldsOf(rules: SupportedModel | undefined): Fields {
  const scenarios = rules?.scenarios ?? [];
  const files = rangeOf(rules?.referenceFiles ?? null)?.[1] ?? 0;
  return {
    sizes: sizesOf(rules?.sizes ?? null),
    pictures: rangeOf(rules?.pictures ?? null),
    seconds: rangeOf(rules?.duration ?? null),
    references: scenarios.includes('first-and-last-frame')
      ? 2
      : scenarios.includes('first-frame') || editsFilm(rules)
        ? 1
        : files,
    referenceKind: editsFilm(rules) ? 'videos' : 'pictures',
    saves: scenarios.some((name) => name !== 'text' && name !== 'embedding'),
  };
}

function editsFilm(rules: SupportedModel | undefined): boolean {
  return rules?.scenarios.includes('video-edit') ?? false;
}

/** Those of the paths that such a model takes, as many as it takes. */
export function fitting(paths: string[], { references, referenceKind }: Fields): string[] {
  return paths.filter((path) => path.endsWith('.mp4') === (referenceKind === 'videos')).slice(-references);
}

/** Sizes that people mean, where a model takes any within an area. */
const usual = [
  ...['1024*1024', '1280*1280', '1440*1440', '2048*2048'],
  ...['1536*1024', '1024*1536', '1664*928', '928*1664', '1472*1104', '1104*1472'],
];

function sizesOf(text: string | null): Fields['sizes'] {
  const [, name = '', rest = ''] = /^(\w+) (.*)$/.exec(text ?? '') ?? [];
  if (name === '') return undefined;
  const [least, most] = rest.split(' to ').map(areaOf);
  if (least === undefined || most === undefined) return { name, values: rest.split(', ') };
  return { name, values: usual.filter((size) => areaOf(size) >= least && areaOf(size) <= most) };
}

function areaOf(size: string): number {
  const [width = 0, height = 0] = size.split('*').map(Number);
  return width * height;
}

/** `1-6`, `2-15 s`, `5 s`. */
function rangeOf(text: string | null): [number, number] | undefined {
  const [, least, most] = /^(\d+)(?:-(\d+))?/.exec(text ?? '') ?? [];
  return least === undefined ? undefined : [Number(least), Number(most ?? least)];
}

/** `places`: those that are offered; where the result is saved nowhere, the right to one of them reads the references. */
export function sqlOfForm(
  model: Model,
  rules: SupportedModel | undefined,
  filled: Filled,
  places: PlaceOfFiles[],
): string {
  const { prompt, place } = filled;
  const fields = fieldsOf(rules);
  const references = fields.references > 0 ? fitting(filled.references, fields) : [];
  if (!fields.saves) return callOf(model.name, prompt, null);
  const parameters = {
    ...(fields.sizes && filled.size && { [fields.sizes.name]: filled.size }),
    ...(fields.pictures && fields.pictures[1] > 1 && { n: filled.pictures }),
    ...(fields.seconds && { duration: filled.seconds }),
  };
  const request = {
    prompt,
    ...referenceFields(rules, references),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(place && { output_dir: place.outputDir }),
    // Else its output_dir would have to be the whole path of the file.
    ...(place && rules?.scenarios.includes('first-and-last-frame') && { name: '{request}' }),
  };
  const right = place ?? places.find(({ file }) => references[0]?.startsWith(file.oss_path));
  return callOf(model.name, JSON.stringify(request, undefined, 2), right?.file ?? null);
}

function referenceFields(rules: SupportedModel | undefined, references: string[]): object {
  const [first, last] = references;
  if (first === undefined) return {};
  if (rules?.scenarios.includes('first-and-last-frame'))
    return { first_frame_url: first, last_frame_url: last ?? first };
  if (editsFilm(rules)) return { video: first };
  return rules?.scenarios.includes('first-frame') ? { img_url: first } : { reference_urls: references };
}
