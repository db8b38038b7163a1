/** How long the videos are that go into a request: what the provider takes of them is checked, where their files tell it. */
import { refuse } from '../../../fields.js';
import { formatOf } from '../../../media/kinds.js';
import type { Medium } from '../../provider.js';
import type { ModelType } from '../model-type.js';
import type { MediaRequest } from './media-request.js';

/** How long each of a request's media is; undefined where that is not known. */
export type Lengths = readonly (number | undefined)[];

/** What goes in may be a video unless its ending is another's. */
function mayBeVideo({ path, kinds }: Medium): boolean {
  return kinds.includes('video') && (formatOf(path?.key ?? '')?.kind ?? 'video') === 'video';
}

/** The lengths of those that may be videos. */
export function videosOf(media: readonly Medium[], lengths: Lengths): Lengths {
  return media.flatMap((medium, index) => (mayBeVideo(medium) ? [lengths[index]] : []));
}

/** Of all together, at most `most`; hundredths are rounded up, as finer ones the provider does not tell. */
export function secondsAmong(lengths: Lengths, most: number): number {
  const sum = lengths.reduce<number>((seconds, length) => seconds + (length ?? most), 0);
  return Math.min(Math.ceil(sum * 100 - 1e-6) / 100, most);
}

/**
 * Refuses videos that the type takes no such length of; KnownError 22023. What rounds to a bound passes: a file's own length is rarely
 * whole, and how exactly the provider looks is not known.
 */
export function checkLengths({ media, parameters }: MediaRequest, type: ModelType, lengths: Lengths): void {
  const { each, together, withMade } = type.videoSeconds ?? {};
  if (!each) return;
  const [least, most] = each;
  const beyond = (seconds: number, bound: number) => Math.round(seconds) > bound;
  for (const [index, medium] of media.entries()) {
    const length = lengths[index];
    if (length === undefined || !mayBeVideo(medium)) continue;
    if (beyond(length, most) || Math.round(length) < least)
      refuse(medium.field, told(length), `a video of ${least} to ${most} seconds`, 'Cut it to that length.');
  }
  const sum = videosOf(media, lengths).reduce<number>((seconds, length) => seconds + (length ?? 0), 0);
  if (together !== undefined && beyond(sum, together))
    refuse(
      'the input videos',
      told(sum),
      `of at most ${together} seconds together`,
      'Leave one out, or cut them.',
    );
  const made = Math.max(0, Number(parameters.duration ?? 0));
  if (withMade !== undefined && sum > 0 && beyond(sum + made, withMade))
    refuse(
      'parameters.duration',
      made,
      `at most ${Math.max(0, withMade - Math.ceil(sum))} beside input videos of ${told(sum)}`,
      `What goes in and what is made may have ${withMade} seconds together.`,
    );
}

function told(seconds: number): string {
  return `${Number(seconds.toFixed(2))} s`;
}
