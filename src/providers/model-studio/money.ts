/** Prices of the model tables, in CNY of the Beijing price list. */
import type { Price } from './model-type.js';

const currency = 'CNY';

export const perPicture = (
  amount: number,
  more: Omit<Extract<Price, { per: 'picture' }>, 'per' | 'currency' | 'amount'> = {},
): Price => ({ per: 'picture', currency, amount, ...more });

/** Amounts by resolution class. */
export const perSecond = (amounts: Record<string, number>): Extract<Price, { per: 'second' }> => ({
  per: 'second',
  currency,
  amounts,
});
