/** The form of a picture or video: width and height, resolution class, duration. */
import { KnownError } from '../../../errors.js';
import { type Json, oneOf, optionalChoice, optionalInteger, refuse, show } from '../../../fields.js';
import { formatOf } from '../../../media/kinds.js';
import type { Medium } from '../../provider.js';
import type { ModelType, Scenario, SizeRule } from '../model-type.js';
import { videoSizes } from '../video-table.js';

const sizePattern = /^(\d{2,5})\s*[*x×]\s*(\d{2,5})$/i;
/** All that a request may say about width and height. */
export const sizeFieldNames = ['size', 'resolution', 'ratio'];
const ratios = ['16:9', '9:16', '1:1', '4:3', '3:4'];

/** Those of them that a type takes. */
export function sizeFields(type: ModelType, scenario: Scenario): string[] {
  if (type.resolution)
    return type.ratio?.scenarios.includes(scenario) ? ['resolution', 'ratio'] : ['resolution'];
  if (!type.size) return [];
  return type.task === 'video-generation' ? sizeFieldNames : ['size'];
}

/** `{size}` or `{resolution}` to send, or nothing where the provider's default follows the input picture or none is accepted. */
export function checkSize(given: Json, modelType: string, type: ModelType, scenario: Scenario): Json {
  const taken = sizeFields(type, scenario);
  for (const name of sizeFieldNames) {
    if (!taken.includes(name)) refuseForeign(given, name, modelType, hintForSize(type));
  }
  if (type.resolution) {
    const { values, default: usual } = type.resolution;
    const resolution = optionalChoice(given, 'resolution', values, 'parameters.resolution') ?? usual;
    if (!taken.includes('ratio')) return { resolution };
    const ratio =
      optionalChoice(given, 'ratio', type.ratio?.values ?? [], 'parameters.ratio') ?? type.ratio?.default;
    return { resolution, ...(ratio && { ratio }) };
  }
  if (!type.size) return {};
  const rule = type.size;
  const size = given.size ?? undefined;
  const byClass = sizeOfClass(given, size, rule);
  if (byClass) return { size: byClass };
  if (size === undefined) return followsInput(rule, scenario) ? {} : { size: rule.default };
  // A sequence of pictures has the sizes of edited ones.
  const sizedAs = given.enable_sequential === true ? 'image-edit' : scenario;
  return { size: checkAgainst(ruleFor(rule, sizedAs), size, modelType, sizedAs) };
}

/** Edited pictures have the size of the last one, unless a word says how large. */
function followsInput(rule: SizeRule, scenario: Scenario): boolean {
  const edits = ['image-edit', 'multi-image-fusion', 'interleaved'].includes(scenario);
  return edits && !(rule.form === 'area' && rule.classes?.[rule.default]?.includes(scenario));
}

function ruleFor(rule: SizeRule, scenario: Scenario): SizeRule {
  if (rule.form === 'list' || !rule.mostFromText || scenario !== 'text-to-image') return rule;
  return { ...rule, most: rule.mostFromText };
}

function hintForSize(type: ModelType): string {
  if (type.resolution && type.ratio)
    return `Use parameters.resolution: ${oneOf(type.resolution.values)}, and ratio: ${oneOf(type.ratio.values)}.`;
  if (type.resolution)
    return `Use parameters.resolution: ${oneOf(type.resolution.values)}; what goes in gives the ratio.`;
  return type.size
    ? `Use parameters.size, e.g. '${type.size.default}'.`
    : 'The result has the size of the picture; qwen-image-edit-plus and qwen-image-edit-max take a size.';
}

function refuseForeign(given: Json, name: string, modelType: string, hint: string): void {
  const value = given[name];
  if (value === undefined || value === null) return;
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: `${modelType} takes no parameters.${name}, which is ${show(value)}`,
    hint,
  });
}

/** Hologres' client says resolution and ratio where these video types want width and height. */
function sizeOfClass(given: Json, size: unknown, rule: SizeRule): string | undefined {
  const resolution = optionalChoice(given, 'resolution', classesOf(rule), 'parameters.resolution');
  const ratio = optionalChoice(given, 'ratio', ratios, 'parameters.ratio');
  if (!resolution && !ratio) return undefined;
  if (size !== undefined) {
    refuse(
      `parameters.${resolution ? 'resolution' : 'ratio'}`,
      resolution ?? ratio,
      'left out beside parameters.size',
      `Say it one way: parameters.size, e.g. '${rule.default}', or resolution and ratio.`,
    );
  }
  const name = resolution ?? classOfSize(rule.default) ?? '1080P';
  const found = videoSizes[name]?.[ratio ?? '16:9'];
  return (
    found ??
    refuse(
      'parameters.ratio',
      ratio,
      oneOf(Object.keys(videoSizes[name] ?? {})),
      `At ${name} there is no other.`,
    )
  );
}

/** The resolution class that a video's width and height belong to. */
export function classOfSize(size: string): string | undefined {
  return Object.keys(videoSizes).find((name) => Object.values(videoSizes[name] ?? {}).includes(size));
}

function classesOf(rule: SizeRule): string[] {
  const sizes = rule.form === 'list' ? rule.values : [];
  return Object.keys(videoSizes).filter((name) => sizes.some((size) => classOfSize(size) === name));
}

function checkAgainst(rule: SizeRule, size: unknown, modelType: string, scenario: Scenario): string {
  const words = wordsOf(rule, scenario);
  if (words.includes(String(size))) return String(size);

  const match = typeof size === 'string' ? sizePattern.exec(size.trim()) : null;
  const also = words.length > 0 ? `${words.join(', ')}, or ` : '';
  const hint = `Sizes of ${modelType}: ${also}${rule.form === 'list' ? rule.values.join(', ') : `${rule.least} to ${rule.most} pixels in all, e.g. ${rule.advised.join(', ')}`}.`;
  if (!match)
    return refuse('parameters.size', size, `${also}width*height, such as '${exampleOf(rule)}'`, hint);
  const [width, height] = [Number(match[1]), Number(match[2])];
  const normal = `${width}*${height}`;
  // Two sizes that the provider advises for wan2.6-t2i lie just below its own least area.
  const fits =
    rule.form === 'list'
      ? rule.values.includes(normal)
      : rule.advised.includes(normal) || fitsArea(rule, width, height);
  if (fits) return normal;
  return refuse(
    'parameters.size',
    size,
    rule.form === 'list' ? oneOf(rule.values) : describeArea(rule),
    hint,
  );
}

/** The classes of size that a scenario may name by a word. */
function wordsOf(rule: SizeRule, scenario: Scenario): string[] {
  if (rule.form === 'list') return [];
  return Object.entries(rule.classes ?? {}).flatMap(([word, takers]) =>
    takers.includes(scenario) ? [word] : [],
  );
}

function exampleOf(rule: SizeRule): string {
  return rule.form === 'area' && rule.classes ? (rule.advised[0] as string) : rule.default;
}

type AreaRule = Extract<SizeRule, { form: 'area' }>;

function fitsArea(rule: AreaRule, width: number, height: number): boolean {
  const pixels = width * height;
  if (pixels < areaOf(rule.least) || pixels > areaOf(rule.most)) return false;
  const ratio = width / height;
  if (rule.ratio && (ratio < rule.ratio[0] || ratio > rule.ratio[1])) return false;
  return (
    !rule.sides ||
    [width, height].every((side) => side >= (rule.sides?.[0] ?? 0) && side <= (rule.sides?.[1] ?? 0))
  );
}

function describeArea(rule: AreaRule): string {
  const sides = rule.sides ? `, each side ${rule.sides[0]} to ${rule.sides[1]}` : '';
  const ratio = rule.ratio ? `, ratio 1:${rule.ratio[1]} to ${rule.ratio[1]}:1` : '';
  return `a size of ${rule.least} to ${rule.most} pixels in all${sides}${ratio}`;
}

/** Pixels of a size, W*H. */
export function areaOf(size: string): number {
  const [width, height] = size.split('*').map(Number);
  return (width ?? 0) * (height ?? 0);
}

/** `{duration}` to send; types of one fixed length accept that number but are not sent it. */
export function checkDuration(given: Json, modelType: string, type: ModelType, media: Medium[]): Json {
  const rule = type.duration;
  if (!rule) return {};
  const { duration } = given;
  const asked = duration ?? undefined;
  if ('fixed' in rule) {
    if (asked !== undefined && asked !== rule.fixed) {
      refuse(
        'parameters.duration',
        duration,
        `${rule.fixed} for ${modelType}`,
        `${modelType} makes videos of ${rule.fixed} seconds; leave duration out.`,
      );
    }
    return {};
  }
  if ('values' in rule) {
    if (asked === undefined) return { duration: rule.default };
    if (rule.values.includes(duration as number)) return { duration };
    return refuse('parameters.duration', duration, oneOf(rule.values.map(String)));
  }
  if (asked === undefined || asked === rule.also) return { duration: asked ?? rule.default };
  const [least, most] = rule.range;
  const withVideo = media.some(({ path }) => formatOf(path?.key ?? '')?.kind === 'video');
  const range: [number, number] = [least, withVideo ? (rule.mostWithVideo ?? most) : most];
  return { duration: optionalInteger(given, 'duration', range, 'parameters.duration') };
}
