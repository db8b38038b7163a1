/** Finds the row of the model table that serves a deployed model's type. */
import { KnownError } from '../../errors.js';
import {
  chatType,
  embeddingType,
  type ModelType,
  modelTable,
  type Price,
  type Scenario,
  type Task,
} from './model-table.js';

const tasks: Task[] = ['chat/completions', 'embedding', 'image-generation', 'video-generation'];
/** Tasks that Hologres has and hologen can keep in the catalogue, but not call. */
export const listedTasks = [...tasks, 'translation', 'speech-to-text'];

/** A dated or regional name (`qwen-image-2.0-pro-2026-03-03`, `wan2.6-t2v-us`) has the rules of its plain one, but for what the table says. */
const variant = /^(?<plain>.*?)(?<american>-us)?(?<date>-\d{4}-\d{2}-\d{2})?$/;

/** The rules of a model type; undefined when hologen does not know it. */
export function findModelType(name: string, task: string): ModelType | undefined {
  if (task === 'chat/completions') return chatType;
  if (task === 'embedding') return embeddingType;
  const type = inTable(name);
  return type?.task === task ? type : undefined;
}

function inTable(name: string): ModelType | undefined {
  const { plain = name, american, date } = variant.exec(name)?.groups ?? {};
  const type = modelTable[plain];
  return type && { ...type, ...(american && type.american), ...(date && type.dated) };
}

/** The only task that a type of the table can do; undefined for names that are not in it. */
export function taskOf(name: string): Task | undefined {
  return inTable(name)?.task;
}

/** As findModelType, but unknown types are a KnownError that names the known ones. */
export function requireModelType(name: string, task: string): ModelType {
  const type = findModelType(name, task);
  if (type) return type;
  throw new KnownError({
    kind: 'featureNotSupported',
    message: `model type "${name}" cannot be called for task "${task}"`,
    hint: `hologen calls: ${Object.keys(modelTable).join(', ')} (also with a date behind), and any type of task chat/completions. See hologen.supported_models.`,
  });
}

/** The names of the types that can do a scenario, for hints. */
export function typesFor(scenario: Scenario): string[] {
  return Object.entries(modelTable)
    .filter(([, type]) => type.scenarios.includes(scenario))
    .map(([name]) => name);
}

/** The rows of hologen.supported_models. */
export function describeModelTypes(): Record<string, unknown>[] {
  const text = { ...chatType, name: '(any chat model)' };
  return [...Object.entries(modelTable).map(([name, type]) => ({ ...type, name })), text].map((type) => ({
    model_type: type.name,
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
  }));
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
  if (price.per === 'token') return 'per token, see the provider';
  if (price.per === 'picture') return `${currency} ${price.amount} a picture`;
  const perSecond = (amounts: Record<string, number>) =>
    Object.entries(amounts)
      .map(([resolution, amount]) => `${amount} at ${resolution}`)
      .join(', ');
  const silent = price.silentAmounts ? `; silent ${perSecond(price.silentAmounts)}` : '';
  const input = price.inputSecondsPerVideo ? '; seconds of input videos count too' : '';
  return `${currency} a second: ${perSecond(price.amounts)}${silent}${input}`;
}

function range([least, most]: [number, number]): string {
  return least === most ? String(least) : `${least}-${most}`;
}
