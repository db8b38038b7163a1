/** Calls that are priced and not made: what they give in a result's place, and what a statement of them would cost. */

import { formatPath, isDirectory, joinPath, type StoragePath } from '../storage/path.js';
import type { CheckedCall } from './check.js';
import { dryRunPrefix } from './dry-run-names.js';

export interface Estimate {
  modelName: string;
  modelType: string;
  calls: number;
  pictures: number;
  seconds: number;
  /** Undefined: it has tokens whose number or price is not known before. */
  price: number | undefined;
  currency: string;
  /** Of `calls` those that take a result and are not made, and of `price` what they do not cost. */
  taken: number;
  takenPrice: number | undefined;
  /** Of those that are made, what they take of the provider's requests, of which one may carry several. */
  requests: number;
  /** Those of ai_submit, which are all made when the transaction is committed. */
  detached: number;
}

/** A call as an estimate sees it. */
interface Priced {
  checked: CheckedCall;
  detached?: boolean;
}

/** A result in the documented shape, so that the calls that are made from it can be priced too. Nothing lies at its paths. */
export function dryResult(handle: string, { request, model }: CheckedCall): string {
  if (request.makes === 'text') return request.pretended ?? `(dry run: ${model.name} was not called)`;
  const { units, cost } = request.estimate;
  const facts = { dry_run: { ...units, price: cost?.amount, currency: cost?.currency } };
  const paths = pretendedPaths(request.output, `${dryRunPrefix}${handle}`, units.pictures);
  return request.makes === 'pictures'
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

/** What dry calls come to, a row for each model; `taking`: see Estimate.taken. */
export function estimateOf<Call extends Priced>(calls: Call[], taking?: ReadonlySet<Call>): Estimate[] {
  const byModel = new Map<string, Estimate>();
  for (const call of calls) {
    const { model, request } = call.checked;
    const { units, cost } = request.estimate;
    const { name: modelName, modelType } = model;
    const none = { calls: 0, pictures: 0, seconds: 0, price: 0, currency: cost?.currency ?? 'CNY' };
    const row: Estimate = byModel.get(modelName) ?? {
      ...{ modelName, modelType, ...none },
      ...{ taken: 0, takenPrice: 0, requests: 0, detached: 0 },
    };
    const isTaken = taking?.has(call) === true;
    const { takes, room } = request.pack ?? { takes: 1, room: 1 };
    byModel.set(modelName, {
      ...row,
      calls: row.calls + 1,
      pictures: row.pictures + (units.pictures ?? 0),
      seconds: row.seconds + (units.seconds ?? 0),
      price: plus(row.price, cost?.amount),
      taken: row.taken + Number(isTaken),
      takenPrice: isTaken ? plus(row.takenPrice, cost?.amount) : row.takenPrice,
      requests: row.requests + (isTaken ? 0 : takes / room),
      detached: row.detached + Number(call.detached === true),
    });
  }
  return [...byModel.values()].map((row) => ({
    ...row,
    price: rounded(row.price),
    takenPrice: rounded(row.takenPrice),
  }));
}

function plus(price: number | undefined, amount: number | undefined): number | undefined {
  return price === undefined || amount === undefined ? undefined : price + amount;
}

function rounded(price: number | undefined): number | undefined {
  return price === undefined ? undefined : Number(price.toPrecision(12));
}

/** The same in one line, for the person who runs it. */
export function dryNote(calls: Priced[]): string {
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
