/** The form of a picture or video: width and height, resolution class, duration. */
import { type Json, oneOf, optionalChoice, optionalInteger, optionalText, refuse } from './fields.js';
import { type ModelType, type Scenario, type SizeRule, videoSizes } from './model-table.js';

const sizePattern = /^(\d{2,5})\s*[*x×]\s*(\d{2,5})$/i;
const ratios = ['16:9', '9:16', '1:1', '4:3', '3:4'];

/** `{size}` or `{resolution}` to send, or nothing where the provider's default follows the input picture or none is accepted. */
export function checkSize(given: Json, modelType: string, type: ModelType, scenario: Scenario): Json {
  const size = optionalText(given, 'size', 'parameters.size');
  if (!type.size && !type.resolution) {
    if (size !== undefined) {
      refuse(
        'parameters.size',
        size,
        `left out for ${modelType}`,
        'qwen-image-edit-plus takes a size; this type follows the picture.',
      );
    }
    return {};
  }
  if (type.resolution) return checkResolution(given, size, modelType, type.resolution);
  const rule = type.size as SizeRule;
  const byClass = sizeOfClass(given, size, type, rule);
  if (byClass) return { size: byClass };
  if (size === undefined)
    return scenario === 'image-edit' || scenario === 'multi-image-fusion' ? {} : { size: rule.default };
  return { size: checkAgainst(rule, size, modelType) };
}

function checkResolution(
  given: Json,
  size: string | undefined,
  modelType: string,
  rule: { values: string[]; default: string },
): Json {
  if (size !== undefined) {
    refuse(
      'parameters.size',
      size,
      `left out for ${modelType}`,
      `Use parameters.resolution: ${oneOf(rule.values)}; the picture gives the ratio.`,
    );
  }
  if (given.ratio !== undefined && given.ratio !== null) {
    refuse(
      'parameters.ratio',
      given.ratio,
      `left out for ${modelType}`,
      'The first picture gives the ratio.',
    );
  }
  return {
    resolution: optionalChoice(given, 'resolution', rule.values, 'parameters.resolution') ?? rule.default,
  };
}

/** Hologres' client says resolution and ratio where these video types want width and height. */
function sizeOfClass(
  given: Json,
  size: string | undefined,
  type: ModelType,
  rule: SizeRule,
): string | undefined {
  const video = type.task === 'video-generation';
  for (const name of ['resolution', 'ratio']) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (!video || size !== undefined) {
      refuse(
        `parameters.${name}`,
        value,
        'left out',
        `This model type takes parameters.size, e.g. '${rule.default}'.`,
      );
    }
  }
  const resolution = optionalChoice(given, 'resolution', Object.keys(videoSizes), 'parameters.resolution');
  const ratio = optionalChoice(given, 'ratio', ratios, 'parameters.ratio');
  return resolution || ratio ? videoSizes[resolution ?? '1080P']?.[ratio ?? '16:9'] : undefined;
}

function checkAgainst(rule: SizeRule, size: string, modelType: string): string {
  const match = sizePattern.exec(size);
  const hint = `Sizes of ${modelType}: ${rule.form === 'list' ? rule.values.join(', ') : `${rule.least} to ${rule.most} pixels in all, e.g. ${rule.advised.join(', ')}`}.`;
  if (!match) return refuse('parameters.size', size, "width*height, such as '1280*720'", hint);
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
