/** The model types of all families together: found by name, named in hints, described in hologen.supported_models. */
import { KnownError } from '../../errors.js';
import type { ModelTypeRow } from '../provider.js';
import type { Family, KnownTypes } from './family.js';
import type { ModelType, Price, Scenario, TokenTier } from './model-type.js';

/** A dated or regional name (`qwen-image-2.0-pro-2026-03-03`, `wan2.6-t2v-us`) has the rules of its plain one, but for what the table says. */
const variant = /^(?<plain>.*?)(?<american>-us)?(?<date>-latest|-\d{4}-\d{2}-\d{2})?$/;

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

  return {
    find,
    require: (name, task) => find(name, task) ?? refuseUnknownType(name, task, table),
    taskOf: (name) => inTable(name)?.type.task,
    names: (fits) => [...table].filter(([, { type }]) => fits(type)).map(([name]) => name),
    describe: () => [
      ...[...table].map(([name, { type }]) => describe(name, type)),
      ...families.flatMap(({ anyOther }) =>
        anyOther ? [describe(anyOther.describedAs, anyOther.type)] : [],
      ),
    ],
  };
}

/** For hints. */
export function typesFor(known: KnownTypes, scenario: Scenario): string[] {
  return known.names((type) => type.scenarios.includes(scenario));
}

function refuseUnknownType(
  name: string,
  task: string,
  table: ReadonlyMap<string, { type: ModelType }>,
): never {
  const known = [...table].filter(([, { type }]) => type.task === task).map(([each]) => each);
  throw new KnownError({
    kind: 'featureNotSupported',
    message: `model type "${name}" cannot be called for task "${task}"`,
    hint: `hologen calls: ${known.join(', ') || 'none'} (also with a date behind), and any type of the tasks chat/completions and embedding. See hologen.supported_models.`,
  });
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
  if (type.resolution) return `resolution ${type.resolution.values.join(', ')}`;
  if (!type.size) return null;
  if (type.size.form === 'list') return `size ${type.size.values.join(', ')}`;
  return `size ${type.size.least} to ${type.size.most}`;
}

function durationOf(type: ModelType): string | null {
  if (!type.duration) return null;
  return 'fixed' in type.duration ? `${type.duration.fixed} s` : `${range(type.duration.range)} s`;
}

function describePrice(price: Price): string {
  const { currency } = price;
  if (price.per === 'token') return describeTokens(price.tiers, currency);
  if (price.per === 'speech second') return `${currency} ${price.amount} a second of speech`;
  if (price.per === 'picture') return `${currency} ${price.amount} a picture`;
  const perSecond = (amounts: Record<string, number>) =>
    Object.entries(amounts)
      .map(([resolution, amount]) => `${amount} at ${resolution}`)
      .join(', ');
  const silent = price.silentAmounts ? `; silent ${perSecond(price.silentAmounts)}` : '';
  const input = price.inputSecondsPerVideo ? '; seconds of input videos count too' : '';
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
