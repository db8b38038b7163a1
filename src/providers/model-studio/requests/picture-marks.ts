/** Where in its pictures a picture is changed (`bbox_list`), and the colours it has (`color_palette`): wan2.7-image. */
import { isObject, type Json, refuse } from '../../../fields.js';

const mostBoxes = 2;
const colours: [number, number] = [3, 10];

/** For each picture that goes in a list of at most two boxes, [x1, y1, x2, y2] in its own pixels; [] where it is free. */
export function readBoxes({ bbox_list: list }: Json, pictures: number): Json {
  if (list === undefined || list === null) return {};
  const field = 'parameters.bbox_list';
  if (pictures === 0)
    refuse(field, list, 'left out without reference_urls', 'Boxes mark places in the pictures that go in.');
  if (!Array.isArray(list) || list.length !== pictures)
    refuse(
      field,
      list,
      `an array with a list for each of the ${pictures} pictures`,
      'Write [] for a picture without boxes.',
    );
  for (const [index, boxes] of (list as unknown[]).entries()) {
    if (!Array.isArray(boxes) || boxes.length > mostBoxes || !boxes.every(isBox))
      refuse(
        `${field}[${index + 1}]`,
        boxes,
        `at most ${mostBoxes} boxes [x1, y1, x2, y2] of whole pixels, x1 below x2 and y1 below y2`,
        'Count from the upper left corner of the picture.',
      );
  }
  return { bbox_list: list };
}

function isBox(box: unknown): boolean {
  if (!Array.isArray(box) || box.length !== 4) return false;
  const [x1, y1, x2, y2] = box;
  return box.every((each) => Number.isSafeInteger(each) && each >= 0) && x1 < x2 && y1 < y2;
}

/** 3 to 10 colours `{hex, ratio}`, whose ratios are 100.00% together. Not for a sequence of pictures. */
export function readPalette({ color_palette: palette, enable_sequential: sequence }: Json): Json {
  if (palette === undefined || palette === null) return {};
  const field = 'parameters.color_palette';
  if (sequence === true)
    refuse(field, palette, 'left out beside enable_sequential', 'A sequence of pictures has no palette.');
  const [least, most] = colours;
  const fits = Array.isArray(palette) && palette.length >= least && palette.length <= most;
  if (!fits || !palette.every(isColour))
    return refuse(
      field,
      palette,
      `${least} to ${most} objects {"hex": "#C2D1E6", "ratio": "25.00%"}`,
      'A ratio has two digits behind the point and a % sign.',
    );
  const hundredths = palette.reduce((sum, { ratio }) => sum + Math.round(Number.parseFloat(ratio) * 100), 0);
  if (hundredths !== 100_00)
    refuse(`the ratios of ${field}`, `${(hundredths / 100).toFixed(2)}%`, '100.00% together');
  return { color_palette: palette };
}

function isColour(value: unknown): value is { hex: string; ratio: string } {
  if (!isObject(value) || Object.keys(value).some((name) => name !== 'hex' && name !== 'ratio')) return false;
  return /^#[0-9a-f]{6}$/i.test(String(value.hex)) && /^\d{1,3}\.\d{2}%$/.test(String(value.ratio));
}
