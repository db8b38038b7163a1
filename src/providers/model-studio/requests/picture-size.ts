/** The form of a picture or video: width and height, resolution class, duration. */
import { KnownError } from '../../../errors.js';
import { type Json, oneOf, optionalChoice, optionalInteger, refuse, show } from '../../../fields.js';
import { videoSizes } from '../model-table.js';
import type { ModelType, Scenario, SizeRule } from '../model-type.js';

const sizePattern = /^(\d{2,5})\s*[*x×]\s*(\d{2,5})$/i;
/** All that a request may say about width and height. */
export const sizeFieldNames = ['size', 'resolution', 'ratio'];
const ratios = ['16:9', '9:16', '1:1', '4:3', '3:4'];

/** Those of them that a type takes. */
export function sizeFields(type: ModelType): string[] {
  if (type.resolution) return ['resolution'];
  if (!type.size) return [];
  return type.task === 'video-generation' ? sizeFieldNames : ['size'];
}

/** `{size}` or `{resolution}` to send, or nothing where the provider's default follows the input picture or none is accepted. */
export function checkSize(given: Json, modelType: string, type: ModelType, scenario: Scenario): Json {
  const taken = sizeFields(type);
  for (const name of sizeFieldNames) {
    if (!taken.includes(name)) refuseForeign(given, name, modelType, hintForSize(type));
  }
  if (type.resolution) {
    const { values, default: usual } = type.resolution;
    return { resolution: optionalChoice(given, 'resolution', values, 'parameters.resolution') ?? usual };
  }
  if (!type.size) return {};
  const rule = type.size;
  const size = given.size ?? undefined;
  const byClass = sizeOfClass(given, size, rule);
  if (byClass) return { size: byClass };
  if (size === undefined)
    return scenario === 'image-edit' || scenario === 'multi-image-fusion' ? {} : { size: rule.default };
  return { size: checkAgainst(rule, size, modelType) };
}

function hintForSize(type: ModelType): string {
  if (type.resolution)
    return `Use parameters.resolution: ${oneOf(type.resolution.values)}; the first picture gives the ratio.`;
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
  const resolution = optionalChoice(given, 'resolution', Object.keys(videoSizes), 'parameters.resolution');
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
  return videoSizes[resolution ?? '1080P']?.[ratio ?? '16:9'];
}

function checkAgainst(rule: SizeRule, size: unknown, modelType: string): string {
  const match = typeof size === 'string' ? sizePattern.exec(size.trim()) : null;
  const hint = `Sizes of ${modelType}: ${rule.form === 'list' ? rule.values.join(', ') : `${rule.least} to ${rule.most} pixels in all, e.g. ${rule.advised.join(', ')}`}.`;
  if (!match) return refuse('parameters.size', size, `width*height, such as '${rule.default}'`, hint);
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
  const ratio = rule.ratio ? ', ratio 1:4 to 4:1' : '';
  return `a size of ${rule.least} to ${rule.most} pixels in all${sides}${ratio}`;
}

function areaOf(size: string): number {
  const [width, height] = size.split('*').map(Number);
  return (width ?? 0) * (height ?? 0);
}

/** `{duration}` to send; types of one fixed length accept that number but are not sent it. */
export function checkDuration(given: Json, modelType: string, type: ModelType): Json {
  if (!type.duration) return {};
  if ('fixed' in type.duration) {
    const { fixed } = type.duration;
    if (given.duration !== undefined && given.duration !== null && given.duration !== fixed) {
      refuse(
        'parameters.duration',
        given.duration,
        `${fixed} for ${modelType}`,
        `${modelType} makes videos of ${fixed} seconds; leave duration out.`,
      );
    }
    return {};
  }
  return {
    duration:
      optionalInteger(given, 'duration', type.duration.range, 'parameters.duration') ?? type.duration.default,
  };
}
