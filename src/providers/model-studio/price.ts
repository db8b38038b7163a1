/** What units cost, by the model table's price or a deployed model's own. */
import { type Json, objectAt } from '../../json.js';
import type { Bill, Cost, ProviderModel, Units } from '../provider.js';
import { halfPrice, isHalfPrice } from './half-price.js';
import type { ModelType, Price, TokenTier } from './model-type.js';
import { ownPrice } from './own-price.js';
import { configsOf } from './pool.js';

/**
 * What a call of these units costs by its deployed model's own price if it has one. Where the keys of its pool have others, the most of them:
 * which key it goes with is known when it is sent.
 */
export function billOf(type: ModelType, config: ProviderModel['config'], units: Units): Bill {
  const [first, ...others] = configsOf(config).map((each) => costOf(type, each, units));
  const cost = others.reduce(dearer, first);
  return { units, cost };
}

/** Undefined: one of them is not known. */
function dearer(one: Cost | undefined, other: Cost | undefined): Cost | undefined {
  if (!one || !other) return undefined;
  return other.amount > one.amount ? other : one;
}

function costOf(type: ModelType, config: Json, units: Units): Cost | undefined {
  const cost = priceOf(type, units, ownPrice(config, type));
  if (!cost || !isHalfPrice(config)) return cost;
  return { ...cost, amount: Number((cost.amount * halfPrice).toPrecision(12)) };
}

/** What units cost; undefined where their number or their price is not known. `own` is the deployed model's price, see ownPrice. */
export function priceOf(type: ModelType, units: Units, own?: Price): Cost | undefined {
  const price = own ?? type.price;
  const spent = amountOf(price, units);
  const amount = spent && spent + (units.searches ?? 0) * (searchPrices[price.currency] ?? 0);
  // Decimal fractions that a sum of binary ones only comes near to.
  return amount === undefined
    ? undefined
    : { amount: Number(amount.toPrecision(12)), currency: price.currency };
}

/** The most that one costs (Model Studio, "Web search"). */
const searchPrices: Record<string, number> = { CNY: 0.004 };

function amountOf(price: Price, units: Units): number | undefined {
  switch (price.per) {
    case 'picture':
      return units.pictures === undefined ? undefined : picturesAmount(units, units.pictures, price);
    case 'second': {
      const amounts = (units.silent && price.silentAmounts) || price.amounts;
      const aSecond = amounts[units.resolution ?? ''];
      return units.seconds === undefined || aSecond === undefined ? undefined : units.seconds * aSecond;
    }
    case 'token':
      return tokensAmount(units, price.tiers);
    case 'speech second':
      return units.seconds === undefined ? undefined : units.seconds * price.amount;
  }
}

function picturesAmount(units: Units, pictures: number, price: Extract<Price, { per: 'picture' }>): number {
  const each = (units.higher && price.higher?.amount) || price.amount;
  return pictures * each + (units.inputPictures ?? 0) * (price.input ?? 0);
}

/** Sounds, pictures and what was cached are parts of the input, and where they have no amount of their own cost as the rest of it. */
function tokensAmount(units: Units, tiers: readonly TokenTier[]): number | undefined {
  const { inputTokens, outputTokens = 0, cachedTokens = 0, soundTokens = 0, pictureTokens = 0 } = units;
  const tier = tiers.find(({ upTo = Number.POSITIVE_INFINITY }) => (inputTokens ?? 0) <= upTo);
  if (inputTokens === undefined || !tier) return undefined;
  const { input, cached = input, sound = input, picture = input } = tier;
  const output =
    (units.thought ? tier.thinking : undefined) ??
    (soundTokens + pictureTokens > 0 ? tier.mixed : undefined) ??
    tier.output;
  if (output === undefined && outputTokens > 0) return undefined;
  const parts =
    (inputTokens - cachedTokens - soundTokens - pictureTokens) * input +
    cachedTokens * cached +
    soundTokens * sound +
    pictureTokens * picture +
    outputTokens * (output ?? 0);
  return parts / 1_000_000;
}

/** The tokens that the provider counted, in the words of its two interfaces. */
export function tokensOf(usage: Json): Units {
  const inputTokens = wholeOf(usage.prompt_tokens) ?? wholeOf(usage.input_tokens);
  const outputTokens = wholeOf(usage.completion_tokens) ?? wholeOf(usage.output_tokens);
  const details = { ...objectAt(usage, 'input_tokens_details'), ...objectAt(usage, 'prompt_tokens_details') };
  const seen = (wholeOf(details.image_tokens) ?? 0) + (wholeOf(details.video_tokens) ?? 0);
  const thinking = wholeOf(objectAt(usage, 'completion_tokens_details').reasoning_tokens);
  const some = (name: keyof Units, count: number | undefined) => (count ? { [name]: count } : {});
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    ...some('cachedTokens', wholeOf(details.cached_tokens)),
    ...some('soundTokens', wholeOf(details.audio_tokens)),
    ...some('pictureTokens', seen),
    ...(thinking && { thought: true }),
  };
}

/** A number of a usage; some payloads have numbers as texts. */
export function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : undefined;
}

/** A number of things: there are no halves of them. */
export function wholeOf(value: unknown): number | undefined {
  const count = countOf(value);
  return Number.isSafeInteger(count) ? count : undefined;
}
