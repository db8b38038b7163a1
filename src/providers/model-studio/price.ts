/** What units cost, by the model table's price or a deployed model's own. */
import type { Json } from '../../json.js';
import type { Bill, Cost, ProviderModel, Units } from '../provider.js';
import type { ModelType, Price } from './model-type.js';
import { ownPrice } from './own-price.js';

/** What a call of these units costs by its deployed model's own price if it has one. */
export function billOf(type: ModelType, config: ProviderModel['config'], units: Units): Bill {
  return { units, cost: priceOf(type, units, ownPrice(config, type)) };
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
      return units.pictures === undefined ? undefined : picturesAmount(units, units.pictures, price);
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

function picturesAmount(units: Units, pictures: number, price: Extract<Price, { per: 'picture' }>): number {
  const each = (units.higher && price.higher?.amount) || price.amount;
  return pictures * each + (units.inputPictures ?? 0) * (price.input ?? 0);
}

function tokensAmount(tokens: number | undefined, perMillion: number | undefined): number | undefined {
  if (tokens === 0) return 0;
  return tokens === undefined || perMillion === undefined ? undefined : (tokens * perMillion) / 1_000_000;
}

/** The tokens that the provider counted. */
export function tokensOf(usage: Json): Units {
  const inputTokens = wholeOf(usage.prompt_tokens) ?? wholeOf(usage.input_tokens);
  const outputTokens = wholeOf(usage.completion_tokens) ?? wholeOf(usage.output_tokens);
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
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
