/** Prices of the model tables, in CNY of the Beijing price list. */
import { isLoopback } from '../../public-address.js';
import type { Price } from './model-type.js';

const currency = 'CNY';

/** False for another region than Beijing; a place on this machine stands in for that. */
export function hasKnownPrices(baseUrl: string): boolean {
  const url = new URL(baseUrl);
  return url.hostname === 'dashscope.aliyuncs.com' || /\.cn-beijing\./.test(url.hostname) || isLoopback(url);
}

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
