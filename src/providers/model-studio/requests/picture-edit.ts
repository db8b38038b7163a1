/** What is done to a picture by types that can do several things to it: its name (`function`), what only it takes, and its mask. */
import { KnownError } from '../../../errors.js';
import {
  type Json,
  oneOf,
  optionalBoolean,
  optionalChoice,
  optionalInteger,
  optionalNumber,
  show,
} from '../../../fields.js';
import type { Medium } from '../../provider.js';
import type { Asked } from '../family.js';
import type { EditParameter, ModelType, PictureEdit } from '../model-type.js';
import { optionalMedium } from './medium.js';

/** Beside the picture: where something is to be done to it. */
export const maskField = 'mask_url';

/** Ranges: the provider's page of wanx2.1-imageedit. */
const readers: Record<EditParameter, (given: Json) => unknown> = {
  strength: (given) => optionalNumber(given, 'strength', [0, 1], 'parameters.strength'),
  top_scale: (given) => optionalNumber(given, 'top_scale', [1, 2], 'parameters.top_scale'),
  bottom_scale: (given) => optionalNumber(given, 'bottom_scale', [1, 2], 'parameters.bottom_scale'),
  left_scale: (given) => optionalNumber(given, 'left_scale', [1, 2], 'parameters.left_scale'),
  right_scale: (given) => optionalNumber(given, 'right_scale', [1, 2], 'parameters.right_scale'),
  upscale_factor: (given) => optionalInteger(given, 'upscale_factor', [1, 4], 'parameters.upscale_factor'),
  is_sketch: (given) => optionalBoolean(given, 'is_sketch', 'parameters.is_sketch'),
};

/** The names of all parameters that an edit may take, and what names the edit. */
export const editParameterNames: readonly string[] = ['function', ...Object.keys(readers)];

/** Of these those that the type's edits take. */
export function editParametersOf({ edits }: ModelType): string[] {
  return edits ? ['function', ...new Set(Object.values(edits).flatMap(({ takes }) => takes))] : [];
}

/** `function` and what belongs to it, of the request's parameters. */
export function readEdit(given: Json, media: Medium[], { edits }: ModelType): Json {
  if (!edits) return {};
  const mask = media.some(({ field }) => field === maskField);
  const name =
    optionalChoice(given, 'function', Object.keys(edits), 'parameters.function') ?? usual(edits, mask);
  const edit = edits[name] as PictureEdit;
  refuseForeign(given, name, edit, edits);
  refuseMask(mask, name, edit, edits);
  const own = edit.takes.map((parameter) => [parameter, readers[parameter](given)] as const);
  return { function: name, ...Object.fromEntries(own.filter(([, value]) => value !== undefined)) };
}

function usual(edits: Record<string, PictureEdit>, mask: boolean): string {
  return Object.keys(edits).find((name) => (edits[name]?.mask ?? false) === mask) as string;
}

function refuseForeign(
  given: Json,
  name: string,
  { takes }: PictureEdit,
  edits: Record<string, PictureEdit>,
): void {
  for (const parameter of Object.keys(readers) as EditParameter[]) {
    if (takes.includes(parameter) || given[parameter] === undefined || given[parameter] === null) continue;
    const takers = Object.keys(edits).filter((each) => edits[each]?.takes.includes(parameter));
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: `${name} takes no parameters.${parameter}, which is ${show(given[parameter])}`,
      hint: `It belongs to parameters.function ${oneOf(takers)}.`,
    });
  }
}

function refuseMask(
  mask: boolean,
  name: string,
  edit: PictureEdit,
  edits: Record<string, PictureEdit>,
): void {
  if (mask === (edit.mask ?? false)) return;
  const takers = Object.keys(edits).filter((each) => edits[each]?.mask);
  throw new KnownError({
    kind: 'invalidParameterValue',
    message: mask ? `${name} takes no ${maskField}` : `the request has no ${maskField}, which ${name} needs`,
    hint: mask
      ? `It belongs to parameters.function ${oneOf(takers)}.`
      : `Add '${maskField}', 'oss://bucket/path/mask.png': as large as the picture, white where it is to change.`,
  });
}

/** Behind the picture. */
export function readMask(request: Json, asked: Asked): Medium[] {
  return asked.type.edits ? optionalMedium(request, maskField, ['picture'], asked) : [];
}
