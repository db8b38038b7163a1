/**
 * Batch Chat: the compatible chat at an address of its own, which answers within an hour instead of at once, for half the price; Beijing only.
 * https://help.aliyun.com/zh/model-studio/openai-compatible-batch-chat
 */
import { refuse } from '../../fields.js';
import type { Json } from '../../json.js';
import { isLoopback } from '../../public-address.js';
import { ProviderFailure } from '../provider.js';
import type { Price } from './model-type.js';

/** What is paid of the usual price. */
export const halfPrice = 0.5;
/** The longest that the service keeps a request waiting. */
export const keptWaitingMs = 3_600_000;
/** A little more: it may say so itself. */
export const longestWaitMs = 3_660_000;

/** What has waited so long without an answer is not billed, whoever ended it. */
export function outOfTime(error: unknown): unknown {
  if (!(error instanceof ProviderFailure) || error.code !== 'Unanswered') return error;
  return new ProviderFailure({
    ...{ kind: 'providerFailure', code: 'OutOfTime', repeat: 'no', requestId: error.requestId, cause: error },
    message:
      'Model Studio had no answer within the hour that its lane at half the price takes; it bills nothing for that',
    hint: 'Run it again, or deploy the model without the lane.',
  });
}

/** A price list as it is in that lane, which is for text models only. */
export function halved(price: Price): Price {
  if (price.per !== 'token') return price;
  const half = (amount: number) => Number((amount * halfPrice).toPrecision(12));
  const tiers = price.tiers.map(({ upTo, ...amounts }) => {
    const cheaper = Object.entries(amounts).map(([name, amount]) => [name, half(amount)]);
    return { ...(upTo !== undefined && { upTo }), ...Object.fromEntries(cheaper) };
  });
  return { ...price, tiers };
}

/** Where it is for a provider at this address; undefined: its region has none. */
export function batchAddress(base: string): string | undefined {
  const url = new URL(base);
  if (url.hostname === 'dashscope.aliyuncs.com')
    return 'https://batch.dashscope.aliyuncs.com/compatible-mode/v1';
  return isLoopback(url) ? `${url.origin}/batch/compatible-mode/v1` : undefined;
}

/** Reads `lane` of a deployed model's config. KnownError 22023 for what is no lane, or none for the task or region. */
export function isHalfPrice({ lane }: Json): boolean {
  if (lane === undefined || lane === null) return false;
  return (
    lane === 'half_price' || refuse('config.lane', lane, "'half_price'", 'Leave it out for answers at once.')
  );
}

/** Of a config that names the lane. */
export function checkLane(config: Json, task: string, isThere: boolean): void {
  if (task !== 'chat/completions')
    refuse(
      'config.lane',
      config.lane,
      `left out for task ${task}`,
      'Only chat/completions has a lane at half the price.',
    );
  if (!isThere)
    refuse(
      'config.lane',
      config.lane,
      'left out in this region',
      'Only Beijing (dashscope.aliyuncs.com) has that lane.',
    );
}
