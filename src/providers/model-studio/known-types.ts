/** The model types of all families together: found by name, named in hints, described in hologen.supported_models. */
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import type { ProviderModel } from '../provider.js';
import { describeAll, describeLike, type Table } from './described-types.js';
import type { Family, KnownTypes } from './family.js';
import type { ModelType, Scenario, Task } from './model-type.js';
import { ownForm } from './own-form.js';

/**
 * A dated or regional name (`qwen-image-2.0-pro-2026-03-03`, `wan2.6-t2v-us`, `qwen-plus-2025-12-01-us`) has the rules of its plain one, but for
 * what the table says.
 */
const variant = /^(?<plain>.*?)(?<usFirst>-us)?(?:-latest|(?<date>-\d{4}-\d{2}-\d{2}))?(?<us>-us)?$/;

/** What names of types say that they are for, where the table does not have them: the first that fits. */
const tasksByName: [Task, RegExp][] = [
  ['rerank', /rerank/i],
  ['embedding', /embedding/i],
  ['speech-to-text', /^(fun-asr|paraformer)/i],
  ['translation', /^qwen-mt-/i],
  ['video-generation', /(^|[-_./])([tirs]|kf)2v\b|(^|[-_./])video/i],
  ['image-generation', /(^|[-_./])[ti]2i\b|(^|[-_./])image/i],
  ['chat/completions', /^(qwen|qwq|qvq|deepseek|glm|kimi|minimax)/i],
];

/** A hint is to be read. */
const mostInHint = 5;

export function knownTypes(families: readonly Family[]): KnownTypes {
  const table = tableOf(families);

  function inTable(name: string): { type: ModelType; family: Family } | undefined {
    const { plain = name, usFirst, us = usFirst, date } = variant.exec(name)?.groups ?? {};
    const own = table.get(name);
    if (own) return own;
    const row = table.get(plain + (us ?? '')) ?? table.get(plain);
    if (!row) return undefined;
    const { type, family } = row;
    return { family, type: { ...type, ...(us && type.american), ...(date && type.dated) } };
  }

  function find(name: string, task: string) {
    const row = inTable(name);
    if (row) return row.type.task === task ? row : undefined;
    const any = families.find((family) => family.task === task && family.anyOther);
    return any?.anyOther && { type: any.anyOther.type, family: any };
  }

  /** A type has the form of the one that its config names, if it names one: an unknown type still has it when a later version knows it. */
  function typeOf({ modelType, task, config }: Omit<ProviderModel, 'apiKey' | 'name'>) {
    const { like } = config;
    if (like === undefined || like === null) return find(modelType, task);
    const model = typeof like === 'string' ? inTable(like) : undefined;
    if (model?.type.task !== task)
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
    taskByName: (name) => tasksByName.find(([, words]) => words.test(name))?.[0],
    names: (fits) =>
      [...table]
        .filter(([, { type }]) => fits(type))
        .map(([name]) => name)
        .slice(0, mostInHint),
    describe(deployed) {
      const own = deployed.filter(({ modelType }) => !inTable(modelType));
      return [...describeAll(table, families), ...describeLike(own, typeOf)];
    },
  };
}

function tableOf(families: readonly Family[]): Table {
  return new Map(
    families.flatMap((family) =>
      Object.entries(family.types).map(([name, type]) => [name, { type, family }] as const),
    ),
  );
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
