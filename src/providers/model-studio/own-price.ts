/** A deployed model's own price: price lists differ by region and contract, and new types have theirs in no table. */
import { isObject, type Json, refuse, refuseUnknown } from '../../fields.js';
import type { ModelType, Price, TokenTier } from './model-type.js';

/**
 * Reads `price` of a deployed model's config; undefined when there is none. Fields by what the type is billed by: `per_picture`,
 * and `per_higher_picture`, `per_input_picture` where the type has such prices;
 * `per_second` and `per_silent_second`, amounts by resolution; `input_per_million` and `output_per_million` tokens, and where they differ
 * those of `otherTokens`; `per_second` of speech; and `currency`,
 * which is CNY when left out. What per_second leaves out keeps its price of the model table if that is in the same currency.
 * KnownError 22023 for other fields and values.
 */
export function ownPrice(config: Json, type: ModelType): Price | undefined {
  const { price } = config;
  if (price === undefined || price === null) return undefined;
  if (!isObject(price))
    return refuse('price', price, 'an object', `Write {"price": ${examples[type.price.per]}}.`);
  const { currency = 'CNY' } = price;
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency))
    return refuse(
      'price.currency',
      currency,
      'a currency code of three capital letters',
      'For example CNY or USD.',
    );
  switch (type.price.per) {
    case 'picture':
      return readPicturePrice(price, currency, type.price);
    case 'second':
      return readSecondPrice(price, currency, type.price);
    case 'token':
      return { per: 'token', currency, tiers: [readTokenTier(price, type)] };
    case 'speech second':
      refuseUnknown(price, ['per_second', 'currency'], 'the price of speech');
      return { per: 'speech second', currency, amount: readAmount(price.per_second, 'price.per_second') };
  }
}

/** What the provider has a price of its own for, as the config calls it. */
const otherTokens = {
  cached_input_per_million: 'cached',
  thinking_output_per_million: 'thinking',
  sound_input_per_million: 'sound',
  picture_input_per_million: 'picture',
} as const;

function readTokenTier(price: Json, type: ModelType): TokenTier {
  // An embedding has no tokens of output.
  const fields =
    type.task === 'embedding' ? ['input_per_million'] : ['input_per_million', 'output_per_million'];
  const others = Object.entries(otherTokens);
  refuseUnknown(price, [...fields, ...others.map(([field]) => field), 'currency'], 'the price of tokens');
  const [input = 0, output] = fields.map((field) => readAmount(price[field], `price.${field}`));
  const own = others.flatMap(([field, name]) =>
    price[field] === undefined ? [] : [[name, readAmount(price[field], `price.${field}`)]],
  );
  return { input, ...(output !== undefined && { output }), ...Object.fromEntries(own) };
}

const examples: Record<Price['per'], string> = {
  picture: '{"per_picture": 0.4}',
  second: '{"per_second": {"720P": 0.6, "1080P": 1}}',
  token: '{"input_per_million": 0.8, "output_per_million": 2}',
  'speech second': '{"per_second": 0.0002}',
};

/** The higher price and that of input pictures, where the type has them, are 0 more when left out. */
function readPicturePrice(price: Json, currency: string, table: Extract<Price, { per: 'picture' }>): Price {
  const higher = table.higher ? ['per_higher_picture'] : [];
  const input = table.input ? ['per_input_picture'] : [];
  refuseUnknown(price, ['per_picture', ...higher, ...input, 'currency'], 'the price of pictures');
  const amount = readAmount(price.per_picture, 'price.per_picture');
  const optional = (name: string, otherwise: number) => readAmount(price[name] ?? otherwise, `price.${name}`);
  return {
    ...{ per: 'picture', currency, amount },
    ...(table.higher && { higher: { ...table.higher, amount: optional('per_higher_picture', amount) } }),
    ...(table.input && { input: optional('per_input_picture', 0) }),
  };
}

function readSecondPrice(price: Json, currency: string, table: Extract<Price, { per: 'second' }>): Price {
  const silent = table.silentAmounts ? ['per_silent_second'] : [];
  refuseUnknown(price, ['per_second', ...silent, 'currency'], 'the price of seconds');
  const read = (field: string, amounts: Record<string, number>) =>
    readAmounts(price[field], `price.${field}`, amounts, currency === table.currency);
  return {
    ...table,
    currency,
    amounts: read('per_second', table.amounts),
    ...(table.silentAmounts && { silentAmounts: read('per_silent_second', table.silentAmounts) }),
  };
}

/** A table's amount stands in for one that was left out only where it means the same money. */
function readAmounts(
  value: unknown,
  field: string,
  table: Record<string, number>,
  sameCurrency: boolean,
): Record<string, number> {
  const given = value ?? (sameCurrency ? {} : value);
  if (!isObject(given)) {
    const example = JSON.stringify(table);
    return refuse(
      field,
      given,
      'an object of amounts by resolution',
      `Write "${field.replace('price.', '')}": ${example}.`,
    );
  }
  refuseUnknown(given, Object.keys(table), field);
  return Object.fromEntries(
    Object.entries(table).map(([resolution, amount]) => {
      const own = given[resolution] ?? (sameCurrency ? amount : undefined);
      return [resolution, readAmount(own, `${field}.${resolution}`)];
    }),
  );
}

function readAmount(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  return refuse(field, value, 'a number, 0 or above');
}
