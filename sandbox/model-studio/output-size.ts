/** How large a generated picture or video becomes. */
import type { FetchedMedia } from './media-fetch.js';
import type { ModelType } from './model-type.js';
import type { Settings } from './parameter-check.js';
import { resolutionAreas, videoSizes } from './parameter-rules.js';
import { editedSize } from './picture-edits.js';
import type { Dimensions } from './rule-forms.js';

/** Encoders want sides divisible by this. */
const grid = 16;

/** The largest size of about `area` pixels with the shape of `picture`, sides rounded down to the grid. */
function fitArea(picture: Dimensions, area: number): Dimensions {
  const ratio = picture.width / picture.height;
  const side = (pixels: number) => Math.max(grid, Math.floor(pixels / grid) * grid);
  return { width: side(Math.sqrt(area * ratio)), height: side(Math.sqrt(area / ratio)) };
}

function clampArea(picture: Dimensions, minimum: number, maximum: number): Dimensions {
  return fitArea(picture, Math.min(maximum, Math.max(minimum, picture.width * picture.height)));
}

/** wan2.7's own sizes; other ratios have the area of their class. */
const listedSizes: Readonly<Record<string, Dimensions>> = {
  '720P 1:1': { width: 960, height: 960 },
  '720P 4:3': { width: 1104, height: 832 },
  '720P 3:4': { width: 832, height: 1104 },
  '1080P 1:1': { width: 1440, height: 1440 },
  '1080P 4:3': { width: 1648, height: 1248 },
  '1080P 3:4': { width: 1248, height: 1648 },
  '720P 16:9': { width: 1280, height: 720 },
  '720P 9:16': { width: 720, height: 1280 },
  '1080P 16:9': { width: 1920, height: 1080 },
  '1080P 9:16': { width: 1080, height: 1920 },
};

function sizeOfClass(resolution: string, ratio: string): Dimensions {
  const [width = 16, height = 9] = ratio === 'adaptive' ? [] : ratio.split(':').map(Number);
  return (
    listedSizes[`${resolution} ${ratio}`] ?? fitArea({ width, height }, resolutionAreas[resolution] ?? 0)
  );
}

/** A size given wins; videos follow their first picture, edited pictures the last one. */
export function outputSize(model: ModelType, settings: Settings, media: readonly FetchedMedia[]): Dimensions {
  const pictures = media.filter((item) => item.kind === 'picture') as (FetchedMedia & Dimensions)[];
  if (settings.resolution && pictures[0] && !settings.ratio) {
    return fitArea(pictures[0], resolutionAreas[settings.resolution] ?? 0);
  }
  if (settings.resolution) return sizeOfClass(settings.resolution, settings.ratio ?? '16:9');
  if (pictures[0] && model.own?.edits) return editedSize(pictures[0], settings.given);
  const last = pictures.at(-1);
  if (last && model.kind === 'image' && !settings.sizeGiven) {
    // A picture at the lower bound must not be rounded below it.
    if (model.family === 'qwen-image-2') return clampArea(last, 528 * 528, 2048 * 2048);
    // These scale what they edit up.
    if (model.own?.usage === 'tiers') return fitArea(last, 2048 * 2048);
    return fitArea(last, 1024 * 1024);
  }
  return settings.size ?? { width: 1024, height: 1024 };
}

/** The billing class that usage calls `SR`. */
export function sizeClass(settings: Settings): number {
  if (settings.resolution) return Number.parseInt(settings.resolution, 10);
  const text = settings.size && `${settings.size.width}*${settings.size.height}`;
  if (settings.size && settings.size.width * settings.size.height < 500_000) return 480;
  return text && videoSizes[720].includes(text) ? 720 : 1080;
}
