/** What OSS makes of an object on its way out: pictures resized and in another form, a frame of a video. */
import { createCanvas, type Image, loadImage } from '@napi-rs/canvas';
import { posterOf } from '../media/mp4-writer.js';
import { Refusal } from './refusal.js';

export interface Processed {
  body: Buffer;
  contentType: string;
}

type Form = 'jpeg' | 'png' | 'webp';

const forms: Record<string, Form> = { jpg: 'jpeg', jpeg: 'jpeg', png: 'png', webp: 'webp' };
const longestSide = 16_384;

/**
 * `image/resize,w_800/format,webp` or `video/snapshot,t_0,f_jpg,w_400`: https://www.alibabacloud.com/help/en/oss/user-guide/img-parameters and
 * https://www.alibabacloud.com/help/en/oss/user-guide/video-snapshots. A video of the sandbox has one frame to show, its first. What is not
 * served here is refused, so that nobody takes the whole object for what was asked.
 */
export async function processObject(object: Buffer, process: string): Promise<Processed> {
  const [kind, ...actions] = process.split('/');
  if (kind === 'video') {
    const [name, options] = readAction(actions[0] ?? '');
    if (name !== 'snapshot' || actions.length !== 1) throw notServed(process);
    const poster = posterOf(object);
    if (!poster) throw refused('The object is not a video.');
    return draw(await loadImage(poster), options, forms[options.f ?? 'jpg'] ?? 'jpeg');
  }
  if (kind !== 'image') throw notServed(process);
  const image = await loadImage(object).catch(() => {
    throw refused('This image format is not supported.');
  });
  let size: Record<string, string> = {};
  let form: Form = 'png';
  for (const action of actions) {
    const [name, options] = readAction(action);
    if (name === 'resize') size = options;
    else if (name === 'format') form = forms[action.split(',')[1] ?? ''] ?? refuseNow(process);
    else if (name !== 'quality') throw notServed(process);
  }
  return draw(image, size, form);
}

function readAction(action: string): [name: string, options: Record<string, string>] {
  const [name = '', ...words] = action.split(',');
  return [name, Object.fromEntries(words.map((word) => word.split('_', 2) as [string, string]))];
}

/** Within the asked sides, its proportions kept, never larger than it is: OSS's mode `lfit`. */
async function draw(image: Image, { w, h, l, m }: Record<string, string>, form: Form): Promise<Processed> {
  if (m !== undefined && m !== 'lfit') throw notServed(`resize,m_${m}`);
  const [width, height] = [side(w ?? l), side(h ?? l)];
  const scale = Math.min(1, width / image.width, height / image.height);
  const [columns, rows] = [image.width, image.height].map((each) => Math.max(1, Math.round(each * scale)));
  const canvas = createCanvas(columns ?? 1, rows ?? 1);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  const body = form === 'png' ? await canvas.encode('png') : await canvas.encode(form, 85);
  return { body, contentType: `image/${form}` };
}

function side(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const pixels = Number(text);
  if (Number.isInteger(pixels) && pixels >= 1 && pixels <= longestSide) return pixels;
  throw refused(`"${text}" is no side: 1 to ${longestSide} pixels.`);
}

function refuseNow(process: string): never {
  throw notServed(process);
}

function notServed(process: string): Refusal {
  return new Refusal('NotImplemented', { fields: { Process: process } });
}

function refused(message: string): Refusal {
  return new Refusal('InvalidArgument', { message });
}
