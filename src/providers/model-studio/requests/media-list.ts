/** How media stand in a request for a video: in one list with what each one is for, and under the names that the prompt calls them by. */
import type { Json } from '../../../fields.js';
import type { MediumKind } from '../../../media/kinds.js';
import type { Medium } from '../../provider.js';
import type { ModelType, Scenario } from '../model-type.js';
import type { MediaRequest } from './media-request.js';
import { kindOf } from './medium.js';
import { voiceOf } from './reference-extras.js';

/** `input.media` of wan2.7 and later, in the order of the request; a sound track of a video from text stands in `audio_url`. */
export function mediaList(request: MediaRequest, addresses: string[]): Json {
  const { media, audio, scenario } = request;
  const list: Json[] = [];
  for (const [index, medium] of media.entries()) {
    const voice = voiceOf(medium);
    // References come first, so each has its place already.
    if (voice !== undefined) Object.assign(list[voice] ?? {}, { reference_voice: addresses[index] });
    else list.push({ type: useOf(medium, scenario), url: addresses[index] });
  }
  const sound = addresses[media.length];
  if (audio && scenario === 'text-to-video') return { audio_url: sound };
  if (audio) list.push({ type: 'driving_audio', url: sound });
  return list.length > 0 ? { media: list } : {};
}

const referenceUses: Record<MediumKind, string> = {
  picture: 'reference_image',
  video: 'reference_video',
  sound: 'reference_audio',
  document: 'file',
};

function useOf(medium: Medium, scenario: Scenario): string {
  switch (medium.field) {
    case 'img_url':
    case 'first_frame_url':
      return 'first_frame';
    case 'last_frame_url':
      return 'last_frame';
    case 'file':
    case 'link':
      return medium.field;
    case 'video':
      return scenario === 'video-edit' ? 'video' : 'first_clip';
    default:
      return referenceUses[kindOf(medium) ?? 'video'];
  }
}

/** A model that is told of references in a Chinese prompt knows them by these names (Model Studio, "wan2.7-r2v"). */
const inChinese: Record<string, string> = { 'Image #': '图#', 'Video #': '视频#' };

/**
 * The prompt with the paths of references replaced by what the model calls them: each is numbered among those of the same name. Longest
 * path first, because one may begin another.
 */
export function nameReferences({ prompt, media }: MediaRequest, { references = {} }: ModelType): string {
  const words = media.reduce((text, medium) => text.replaceAll(medium.text, ''), prompt);
  const isChinese = /\p{Script=Han}/u.test(words) && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(words);
  const counts = new Map<string, number>();
  const names = media.flatMap((medium) => {
    const said = references[kindOf(medium) ?? 'video'];
    const name = said && ((isChinese && inChinese[said]) || said);
    if (!medium.field.startsWith('reference_urls') || !name) return [];
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    return [{ text: medium.text, name: name.replace('#', String(number)) }];
  });
  names.sort((a, b) => b.text.length - a.text.length);
  return names.reduce((text, { text: path, name }) => text.replaceAll(path, name), prompt);
}
