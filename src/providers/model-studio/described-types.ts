/** The rows of hologen.supported_models: what each model type takes, costs and allows, in words. */
import type { ModelTypeRow } from '../provider.js';
import type { Deployed, Family, KnownTypes } from './family.js';
import { halved } from './half-price.js';
import type { ModelType, Price, TokenTier } from './model-type.js';
import { ownPrice } from './own-price.js';
import { configsOf } from './pool.js';

export type Table = Map<string, { type: ModelType; family: Family }>;

/** Those of the tables. */
export function describeAll(table: Table, families: readonly Family[]): ModelTypeRow[] {
  const others = families.flatMap((family) => (family.anyOther ? [{ ...family.anyOther, family }] : []));
  return [
    ...[...table].map(([name, { type, family }]) => describe(name, type, family)),
    ...others.map(({ describedAs, type, family }) => describe(describedAs, type, family)),
  ];
}

/** Those that only a config describes (`like`): each type once, as its first deployment has it. */
export function describeLike(deployed: readonly Deployed[], typeOf: KnownTypes['typeOf']): ModelTypeRow[] {
  const like = deployed.filter(({ config }) => config.like !== undefined);
  const first = new Map(like.toReversed().map((model) => [`${model.task} ${model.modelType}`, model]));
  return [...first.values()].flatMap((model) => {
    const row = describeDeployed(model, typeOf);
    return row ? [{ ...row, like_type: String(model.config.like) }] : [];
  });
}

/** The row of a deployed model's type, with what the model costs: by its own price, at half of it, or by those of its keys. */
export function describeDeployed(model: Deployed, typeOf: KnownTypes['typeOf']): ModelTypeRow | undefined {
  const found = readable(() => typeOf(model));
  if (!found) return undefined;
  const { type, family } = found;
  const prices = configsOf(model.config).map((config) => {
    const price = readable(() => ownPrice(config, type)) ?? type.price;
    return describePrice(config.lane === undefined || config.lane === null ? price : halved(price));
  });
  return { ...describe(model.modelType, type, family), price: [...new Set(prices)].join(' or ') };
}

/** Undefined for a config that was fine when it was deployed, by an earlier version. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Where the provider's pages are. */
const pages = 'https://help.aliyun.com/zh/model-studio/';

function describe(name: string, type: ModelType, family: Family): ModelTypeRow {
  return {
    model_type: name,
    task: type.task,
    scenarios: type.scenarios,
    mode: type.mode,
    sizes: sizesOf(type),
    pictures: type.pictures ? range(type.pictures) : null,
    duration: durationOf(type),
    reference_files: type.referenceFiles ? range(type.referenceFiles) : null,
    submits_per_second: Number(type.submitsPerSecond.toFixed(4)),
    concurrent_tasks: type.concurrentTasks,
    price: describePrice(type.price),
    ratios: type.ratio ? type.ratio.values.join(', ') : null,
    fields: family.fields(type),
    like_type: null,
    source: pages + type.source,
  };
}

function sizesOf(type: ModelType): string | null {
  if (type.resolution) {
    const ratio = type.ratio ? `; ratio ${type.ratio.values.join(', ')}` : '';
    return `resolution ${type.resolution.values.join(', ')}${ratio}`;
  }
  if (!type.size) return null;
  if (type.size.form === 'list') return `size ${type.size.values.join(', ')}`;
  return `size ${type.size.least} to ${type.size.most}`;
}

function durationOf({ duration, price }: ModelType): string | null {
  if (!duration)
    return price.per === 'second' && price.mostInputSeconds
      ? `as the input, up to ${price.mostInputSeconds} s`
      : null;
  if ('fixed' in duration) return `${duration.fixed} s`;
  if ('values' in duration) return `${duration.values.join(' or ')} s`;
  const also = duration.also === undefined ? '' : ` or ${duration.also}`;
  const withVideo = duration.mostWithVideo
    ? `, up to ${duration.mostWithVideo} s with a reference video`
    : '';
  return `${range(duration.range)} s${also}${withVideo}`;
}

function describePrice(price: Price): string {
  const { currency } = price;
  if (price.per === 'token') return describeTokens(price.tiers, currency);
  if (price.per === 'speech second') return `${currency} ${price.amount} a second of speech`;
  if (price.per === 'picture') {
    const { higher, input } = price;
    const whens = { large: 'of more than 2,250,000 pixels', extended: 'with prompt_extend' };
    return [
      `${currency} ${price.amount} a picture`,
      ...(higher ? [`${higher.amount} ${whens[higher.when]}`] : []),
      ...(input ? [`plus ${input} for each picture that goes in`] : []),
    ].join(', ');
  }
  const perSecond = (amounts: Record<string, number>) =>
    Object.entries(amounts)
      .map(([resolution, amount]) => `${amount} at ${resolution}`)
      .join(', ');
  const silent = price.silentAmounts ? `; silent ${perSecond(price.silentAmounts)}` : '';
  const input =
    price.inputSecondsPerVideo || price.mostInputSeconds ? '; seconds of input videos count too' : '';
  return `${currency} a second: ${perSecond(price.amounts)}${silent}${input}`;
}

function describeTokens(tiers: readonly TokenTier[], currency: string): string {
  if (tiers.length === 0) return 'per token, see the provider';
  const each = tiers.map(({ upTo, input, output, ...others }) => {
    const size = upTo === undefined ? '' : ` up to ${upTo / 1024}k of input`;
    const more = Object.entries(others).map(([name, amount]) => `, ${amount} ${name}`);
    return `${input} in${output === undefined ? '' : `, ${output} out`}${more.join('')}${size}`;
  });
  return `${currency} a million tokens: ${each.join('; ')}`;
}

function range([least, most]: [number, number]): string {
  return least === most ? String(least) : `${least}-${most}`;
}
