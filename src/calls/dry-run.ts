/** Calls that are priced and not made: what they give in a result's place, and what a statement of them would cost. */

import { type Cost, costOf, estimateUnits, type Units } from '../providers/model-studio/price.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../storage/path.js';
import type { CheckedCall } from './check.js';
import type { Call } from './statements.js';

export interface Estimate {
  modelName: string;
  modelType: string;
  calls: number;
  pictures: number;
  seconds: number;
  /** Undefined: it has tokens whose number or price is not known before. */
  price: number | undefined;
  currency: string;
}

/** Handles that ai_submit gives in a dry run. */
export const dryRunPrefix = 'dry-run-';

/** Names that only a dry run gives out: a later call of the same run may use them as its media. */
const pretended = /(^|\/)dry-run-[0-9a-f-]{36}(-\d+)?\.\w+$/;

export function isPretended(path: StoragePath): boolean {
  return pretended.test(path.key);
}

/** A result in the documented shape, so that the calls that are made from it can be priced too. Nothing lies at its paths. */
export function dryResult({ handle, checked }: Call): string {
  const { request, type, model } = checked;
  if (request.kind === 'text') return `(dry run: ${model.name} was not called)`;
  const { units, cost } = priced(checked);
  const facts = { dry_run: { ...units, price: cost?.amount, currency: cost?.currency } };
  const paths = pretendedPaths(request.media.output, `${dryRunPrefix}${handle}`, units.pictures);
  return type.task === 'image-generation'
    ? JSON.stringify({ requestId: handle, usage: {}, image_urls: [], image_oss_paths: paths, ...facts })
    : JSON.stringify({ request_id: handle, output: { video_oss_path: paths[0] }, usage: {}, ...facts });
}

function pretendedPaths(
  output: StoragePath | undefined,
  name: string,
  pictures: number | undefined,
): string[] {
  if (!output) return [];
  if (!isDirectory(output)) return [formatPath(output)];
  if (pictures === undefined) return [formatPath(joinPath(output, `${name}.mp4`))];
  return Array.from({ length: pictures }, (_, index) =>
    formatPath(joinPath(output, `${name}${pictures > 1 ? `-${index + 1}` : ''}.png`)),
  );
}

function priced(call: CheckedCall): { units: Units; cost: Cost | undefined } {
  const units = estimateUnits(call);
  return { units, cost: costOf(call, units) };
}

/** What dry calls come to, a row for each model. */
export function estimateOf(calls: Call[]): Estimate[] {
  const byModel = new Map<string, Estimate>();
  for (const { checked } of calls) {
    const { units, cost } = priced(checked);
    const { name: modelName, modelType } = checked.model;
    const none = { calls: 0, pictures: 0, seconds: 0, price: 0, currency: cost?.currency ?? 'CNY' };
    const row: Estimate = byModel.get(modelName) ?? { modelName, modelType, ...none };
    byModel.set(modelName, {
      ...row,
      calls: row.calls + 1,
      pictures: row.pictures + (units.pictures ?? 0),
      seconds: row.seconds + (units.seconds ?? 0),
      price: row.price === undefined || !cost ? undefined : row.price + cost.amount,
    });
  }
  return [...byModel.values()].map((row) => ({
    ...row,
    price: row.price === undefined ? undefined : Number(row.price.toPrecision(12)),
  }));
}

/** The same in one line, for the person who runs it. */
export function dryNote(calls: Call[]): string {
  const rows = estimateOf(calls);
  const sum = (pick: (row: Estimate) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const money = [...new Set(rows.map((row) => row.currency))].map((currency) => {
    const own = rows.filter((row) => row.currency === currency);
    const amount = own.reduce((total, row) => total + (row.price ?? 0), 0).toFixed(2);
    return `${currency} ${amount}${own.some((row) => row.price === undefined) ? ' and tokens of unknown price' : ''}`;
  });
  const pictures = sum((row) => row.pictures);
  const seconds = sum((row) => row.seconds);
  const units = [pictures > 0 && counted(pictures, 'picture'), seconds > 0 && `${seconds} s of video`].filter(
    Boolean,
  );
  return `ai_gen: dry run: ${[counted(calls.length, 'call'), ...units, ...money].join(', ')}; nothing is sent`;
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
