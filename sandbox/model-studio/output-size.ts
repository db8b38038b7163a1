/** How large a generated picture or video becomes. */
import type { FetchedMedia } from './media-fetch.js';
import type { ModelType } from './model-types.js';
import type { Settings } from './parameter-check.js';
import { type Dimensions, resolutionAreas, videoSizes } from './parameter-rules.js';

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

/** A size given wins; videos follow their first picture, edited pictures the last one. */
export function outputSize(model: ModelType, settings: Settings, media: readonly FetchedMedia[]): Dimensions {
  const pictures = media.filter((item) => item.kind === 'picture') as (FetchedMedia & Dimensions)[];
  if (settings.resolution && pictures[0]) {
    return fitArea(pictures[0], resolutionAreas[settings.resolution] ?? 0);
  }
  const last = pictures.at(-1);
  if (last && model.kind === 'image' && !settings.sizeGiven) {
    // A picture at the lower bound must not be rounded below it.
    if (model.family === 'qwen-image-2') return clampArea(last, 528 * 528, 2048 * 2048);
    return fitArea(last, 1024 * 1024);
  }
  return settings.size ?? { width: 1024, height: 1024 };
}

/** The billing class that usage calls `SR`. */
export function sizeClass(settings: Settings): number {
  if (settings.resolution) return Number.parseInt(settings.resolution, 10);
  const text = settings.size && `${settings.size.width}*${settings.size.height}`;
  return text && videoSizes[720].includes(text) ? 720 : 1080;
}
