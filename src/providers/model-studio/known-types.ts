/** The model types of all families together: found by name, named in hints, described in hologen.supported_models. */
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import type { ModelTypeRow, ProviderModel } from '../provider.js';
import type { Family, KnownTypes } from './family.js';
import type { ModelType, Price, Scenario, TokenTier } from './model-type.js';
import { ownForm } from './own-form.js';

/** A dated or regional name (`qwen-image-2.0-pro-2026-03-03`, `wan2.6-t2v-us`) has the rules of its plain one, but for what the table says. */
const variant = /^(?<plain>.*?)(?<american>-us)?(?<date>-latest|-\d{4}-\d{2}-\d{2})?$/;

/** A hint is to be read. */
const mostInHint = 5;

export function knownTypes(families: readonly Family[]): KnownTypes {
  const table = new Map(
    families.flatMap((family) =>
      Object.entries(family.types).map(([name, type]) => [name, { type, family }] as const),
    ),
  );

  function inTable(name: string): { type: ModelType; family: Family } | undefined {
    const { plain = name, american, date } = variant.exec(name)?.groups ?? {};
    const own = table.get(name);
    if (own) return own;
    const row = table.get(plain);
    if (!row) return undefined;
    const { type, family } = row;
    return { family, type: { ...type, ...(american && type.american), ...(date && type.dated) } };
  }

  function find(name: string, task: string) {
    const row = inTable(name);
    if (row) return row.type.task === task ? row : undefined;
    const any = families.find((family) => family.task === task && family.anyOther);
    return any?.anyOther && { type: any.anyOther.type, family: any };
  }

  /** A type that is not known has the form of the one that its config names. */
  function typeOf({ modelType, task, config }: Omit<ProviderModel, 'apiKey' | 'name'>) {
    const found = find(modelType, task);
    if (found || config.like === undefined) return found;
    const { like } = config;
    const model = typeof like === 'string' ? find(like, task) : undefined;
    if (!model)
      return refuseLike(
        like,
        task,
        [...table].filter(([, row]) => row.type.task === task).map(([name]) => name),
      );
    return { family: model.family, type: ownForm(model.type, config) };
  }

  return {
    typeOf,
    require: (model) => typeOf(model) ?? refuseUnknownType(model, [...table]),
    taskOf: (name) => inTable(name)?.type.task,
    names: (fits) =>
      [...table]
        .filter(([, { type }]) => fits(type))
        .map(([name]) => name)
        .slice(0, mostInHint),
    describe: () => describeAll(table, families),
  };
}

type Table = Map<string, { type: ModelType; family: Family }>;

function describeAll(table: Table, families: readonly Family[]): ModelTypeRow[] {
  const others = families.flatMap(({ anyOther }) => anyOther ?? []);
  return [
    ...[...table].map(([name, { type }]) => describe(name, type)),
    ...others.map(({ describedAs, type }) => describe(describedAs, type)),
  ];
}

/** For hints. */
export function typesFor(known: KnownTypes, scenario: Scenario): string[] {
  return known.names((type) => type.scenarios.includes(scenario));
}

function refuseUnknownType(
  { modelType, task }: { modelType: string; task: string },
  known: [string, { type: ModelType }][],
): never {
  const ofTask = known.filter(([, { type }]) => type.task === task).map(([name]) => name);
  const like = ofTask[0]
    ? ` Or deploy it with the form of a known type: a config of {"like": "${nearest(modelType, ofTask)[0]}"}.`
    : '';
  throw new KnownError({
    kind: 'featureNotSupported',
    message: `model type "${modelType}" cannot be called for task "${task}"`,
    hint: `The nearest that hologen knows: ${nearest(modelType, ofTask.length > 0 ? ofTask : known.map(([name]) => name)).join(', ')}; all stand in hologen.supported_models.${like}`,
  });
}

function refuseLike(like: unknown, task: string, known: string[]): never {
  return refuse(
    'config.like',
    like,
    `a known model type of task ${task}`,
    `For example ${nearest(String(like), known).join(', ')}; see hologen.supported_models.`,
  );
}

/** The three names that are most like a name, by the pairs of letters that they share. */
function nearest(name: string, known: readonly string[]): string[] {
  const pairsOf = (text: string) =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, index) => text.slice(index, index + 2)));
  const wanted = pairsOf(name.toLowerCase());
  const likeness = (other: string) => {
    const pairs = pairsOf(other);
    const shared = [...pairs].filter((pair) => wanted.has(pair)).length;
    return shared / (pairs.size + wanted.size || 1);
  };
  return [...known].sort((a, b) => likeness(b) - likeness(a)).slice(0, 3);
}

function describe(name: string, type: ModelType): ModelTypeRow {
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
