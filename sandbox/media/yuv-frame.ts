/** A video frame as H.264 sees it: luma and chroma planes (4:2:0, BT.709, limited range) in macroblocks of 16x16. */

/** Side of a macroblock in pixels. */
export const MACROBLOCK_SIZE = 16;

/** One plane; `block` is the side of a macroblock in its samples. */
export interface Plane {
  samples: Uint8Array;
  stride: number;
  block: number;
}

/** Planes padded to whole macroblocks, and which macroblocks have been painted differently since last coded. */
export interface Frame {
  width: number;
  height: number;
  columns: number;
  rows: number;
  luma: Plane;
  blue: Plane;
  red: Plane;
  changed: Uint8Array;
}

/** A part of the frame, in pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A frame of the given size in pixels, with nothing in it. */
export function createFrame(width: number, height: number): Frame {
  const columns = Math.ceil(width / MACROBLOCK_SIZE);
  const rows = Math.ceil(height / MACROBLOCK_SIZE);
  const plane = (block: number): Plane => ({
    samples: new Uint8Array(columns * rows * block * block),
    stride: columns * block,
    block,
  });
  return {
    width,
    height,
    columns,
    rows,
    luma: plane(16),
    blue: plane(8),
    red: plane(8),
    changed: new Uint8Array(columns * rows),
  };
}

/** The smallest area of whole macroblocks around the given one, cut to the frame's pixels. */
export function wholeMacroblocks(frame: Frame, area: Area): Area {
  const down = (value: number) => Math.floor(value / MACROBLOCK_SIZE) * MACROBLOCK_SIZE;
  const up = (value: number) => Math.ceil(value / MACROBLOCK_SIZE) * MACROBLOCK_SIZE;
  const x = Math.max(0, down(area.x));
  const y = Math.max(0, down(area.y));
  return {
    x,
    y,
    width: Math.min(frame.width, up(area.x + area.width)) - x,
    height: Math.min(frame.height, up(area.y + area.height)) - y,
  };
}

/**
 * Paints RGBA pixels (opaque, row by row) over an area that `wholeMacroblocks` gave. Pixels of the padding beyond the frame
 * repeat its last column and row.
 */
export function paint(frame: Frame, area: Area, rgba: Uint8Array | Uint8ClampedArray): void {
  const lastColumn = Math.ceil((area.x + area.width) / MACROBLOCK_SIZE);
  const lastRow = Math.ceil((area.y + area.height) / MACROBLOCK_SIZE);
  for (let row = area.y / MACROBLOCK_SIZE; row < lastRow; row++) {
    for (let column = area.x / MACROBLOCK_SIZE; column < lastColumn; column++) {
      if (paintMacroblock(frame, column, row, area, rgba)) frame.changed[row * frame.columns + column] = 1;
    }
  }
}

function paintMacroblock(
  frame: Frame,
  column: number,
  row: number,
  area: Area,
  rgba: Uint8Array | Uint8ClampedArray,
): boolean {
  let difference = 0;
  const left = column * MACROBLOCK_SIZE;
  const top = row * MACROBLOCK_SIZE;
  const { luma, blue, red } = frame;
  for (let y = top; y < top + MACROBLOCK_SIZE; y += 2) {
    const upper = Math.min(y - area.y, area.height - 1) * area.width;
    const lower = Math.min(y + 1 - area.y, area.height - 1) * area.width;
    for (let x = left; x < left + MACROBLOCK_SIZE; x += 2) {
      const near = Math.min(x - area.x, area.width - 1);
      const far = Math.min(x + 1 - area.x, area.width - 1);
      let r = 0;
      let g = 0;
      let b = 0;
      for (let corner = 0; corner < 4; corner++) {
        const pixel = ((corner & 2 ? lower : upper) + (corner & 1 ? far : near)) * 4;
        const pixelRed = rgba[pixel] as number;
        const pixelGreen = rgba[pixel + 1] as number;
        const pixelBlue = rgba[pixel + 2] as number;
        r += pixelRed;
        g += pixelGreen;
        b += pixelBlue;
        // 219/255 of 0.2126, 0.7152, 0.0722, in 1/65536
        const value = 16 + ((11966 * pixelRed + 40254 * pixelGreen + 4064 * pixelBlue + 32768) >> 16);
        const at = (y + (corner >> 1)) * luma.stride + x + (corner & 1);
        difference |= (luma.samples[at] as number) ^ value;
        luma.samples[at] = value;
      }
      // 224/255 of the BT.709 colour differences, in 1/65536, over the sum of four pixels
      const valueBlue = 128 + ((-6596 * r - 22189 * g + 28784 * b + 131072) >> 18);
      const valueRed = 128 + ((28784 * r - 26145 * g - 2639 * b + 131072) >> 18);
      const at = (y >> 1) * blue.stride + (x >> 1);
      difference |= ((blue.samples[at] as number) ^ valueBlue) | ((red.samples[at] as number) ^ valueRed);
      blue.samples[at] = valueBlue;
      red.samples[at] = valueRed;
    }
  }
  return difference !== 0;
}
