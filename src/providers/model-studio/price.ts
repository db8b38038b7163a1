/** What a call costs: its units before (an estimate) and after (the provider's usage), and their price. */

import type { CheckedCall } from '../../calls/check.js';
import type { Json } from '../../json.js';
import { formatOf } from '../../media/kinds.js';
import { type ModelType, type Price, videoSizes } from './model-table.js';
import { ownPrice } from './own-price.js';
import type { MediaRequest } from './request.js';

/** What the provider counts. A field is there only where the type is billed by it and the number is known. */
export interface Units {
  pictures?: number;
  /** Of video; seconds of input videos included where they are billed. */
  seconds?: number;
  /** The class that seconds are billed by: 480P, 720P, 1080P. */
  resolution?: string;
  /** True where the type has a lower price for video without sound, and there is none. */
  silent?: boolean;
  inputTokens?: number;
  outputTokens?: number;
}

export interface Cost {
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/**
 * The units of a call before it is sent, if it succeeds. Reference videos count with the most seconds that are billed of them; tokens
 * are not known before.
 */
export function estimateUnits({ request, type }: CheckedCall): Units {
  if (request.kind === 'text') return {};
  const { parameters } = request.media;
  if (type.price.per === 'picture') return { pictures: countOf(parameters.n) ?? 1 };
  const duration = type.duration && ('fixed' in type.duration ? type.duration.fixed : type.duration.default);
  const made = countOf(parameters.duration) ?? duration ?? 0;
  return { seconds: made + mostInputSeconds(request.media, type.price), ...videoClass(request.media, type) };
}

/**
 * The units of a call that has ended. `usage` is the provider's, `produced` the number of pictures or videos made: failures are free.
 * What usage does not tell is taken from the request.
 */
export function unitsOf(call: CheckedCall, usage: Json, produced: number): Units {
  if (call.request.kind === 'text') {
    const inputTokens = countOf(usage.prompt_tokens) ?? countOf(usage.input_tokens);
    const outputTokens = countOf(usage.completion_tokens) ?? countOf(usage.output_tokens);
    return {
      ...(inputTokens !== undefined && { inputTokens }),
      ...(outputTokens !== undefined && { outputTokens }),
    };
  }
  const asked = estimateUnits(call);
  if (asked.pictures !== undefined)
    return { pictures: produced === 0 ? 0 : (countOf(usage.image_count) ?? produced) };
  if (produced === 0) return { ...asked, seconds: 0 };
  const seconds = secondsOf(usage) ?? asked.seconds;
  const units: Units = { ...asked, ...(seconds !== undefined && { seconds }) };
  const height = countOf(usage.SR);
  if (height) units.resolution = `${height}P`;
  if (units.silent !== undefined && typeof usage.audio === 'boolean') units.silent = !usage.audio;
  return units;
}

/** What units of a call cost, by its deployed model's own price if it has one; undefined where that is not known. */
export function costOf({ type, model }: CheckedCall, units: Units): Cost | undefined {
  return priceOf(type, units, ownPrice(model.config, type));
}

/** What units cost; undefined where their number or their price is not known. `own` is the deployed model's price, see ownPrice. */
export function priceOf(type: ModelType, units: Units, own?: Price): Cost | undefined {
  const price = own ?? type.price;
  const amount = amountOf(price, units);
  // Decimal fractions that a sum of binary ones only comes near to.
  return amount === undefined
    ? undefined
    : { amount: Number(amount.toPrecision(12)), currency: price.currency };
}

function amountOf(price: Price, units: Units): number | undefined {
  switch (price.per) {
    case 'picture':
      return units.pictures === undefined ? undefined : units.pictures * price.amount;
    case 'second': {
      const amounts = (units.silent && price.silentAmounts) || price.amounts;
      const aSecond = amounts[units.resolution ?? ''];
      return units.seconds === undefined || aSecond === undefined ? undefined : units.seconds * aSecond;
    }
    case 'token': {
      const input = tokensAmount(units.inputTokens, price.inputPerMillion);
      const output = tokensAmount(units.outputTokens ?? 0, price.outputPerMillion);
      return input === undefined || output === undefined ? undefined : input + output;
    }
  }
}

function tokensAmount(tokens: number | undefined, perMillion: number | undefined): number | undefined {
  if (tokens === 0) return 0;
  return tokens === undefined || perMillion === undefined ? undefined : (tokens * perMillion) / 1_000_000;
}

function videoClass({ parameters }: MediaRequest, type: ModelType): Units {
  const classes = Object.keys(videoSizes);
  const resolution =
    typeof parameters.resolution === 'string'
      ? parameters.resolution
      : classes.find((name) => Object.values(videoSizes[name] ?? {}).includes(String(parameters.size)));
  const hasSilentPrice = type.price.per === 'second' && type.price.silentAmounts !== undefined;
  return {
    ...(resolution && { resolution }),
    ...(hasSilentPrice && { silent: parameters.audio === false }),
  };
}

/** A reference may be a video unless its ending is a picture's. */
function mostInputSeconds({ media }: MediaRequest, price: Price): number {
  if (price.per !== 'second' || !price.inputSecondsPerVideo) return 0;
  const videos = media.filter(({ path }) => formatOf(path.key)?.kind !== 'picture');
  return videos.length * (price.inputSecondsPerVideo[media.length - 1] ?? 0);
}

/** Each family names its seconds differently. */
function secondsOf(usage: Json): number | undefined {
  const made = countOf(usage.output_video_duration);
  return (
    countOf(usage.duration) ??
    countOf(usage.video_duration) ??
    (made === undefined ? undefined : made + (countOf(usage.input_video_duration) ?? 0))
  );
}

/** Some payloads have numbers as texts. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined;
}
