/**
 * image.generate: a request in plain words becomes a request of ai_gen for whichever deployed model fits best, and ai_gen's result the plain
 * answer. Its names are those of Model Studio's skill for Qwen Image: prompt, negative_prompt, size, style, seed, reference_image, and
 * image_url, width, height, seed.
 */
import { KnownError } from '../errors.js';
import {
  isObject,
  type Json,
  optionalInteger,
  optionalText,
  refuse,
  refuseUnknown,
  requiredText,
  show,
} from '../fields.js';
import { objectAt, storableJson, textOf } from '../json.js';
import type { RoleIdentity } from '../ledger/job.js';
import type { DeployedModel } from '../ledger/models.js';
import { type ImageField, nothingMade, ProviderFailure } from '../providers/provider.js';
import { type FileFields, readFileFields } from '../storage/file-value.js';
import { isDirectory } from '../storage/path.js';
import type { Places } from '../storage/storage.js';
import {
  type CallArguments,
  type CheckedCall,
  checkCall,
  type ImageFacts,
  type Models,
  mayCall,
  readCall,
} from './check.js';
import { pictureAddress } from './picture-address.js';

/** A request of image.generate. `model` and `outputDir` are hologen's own: which deployed model, and where the picture is saved. */
interface ImageWish {
  model: string | undefined;
  prompt: string;
  style: string | undefined;
  negative_prompt: string | undefined;
  size: string;
  seed: number | undefined;
  /** A path, an address, or the picture itself as a data: address. */
  reference_image: string | undefined;
  outputDir: string | undefined;
  file: FileFields | undefined;
}

const fields = [
  'prompt',
  'negative_prompt',
  'size',
  'style',
  'seed',
  'reference_image',
  'model',
  'output_dir',
];
const seedRange: [number, number] = [0, 2_147_483_647];

/** Finds the model that has a place for most of the fields, the default one first, and checks the call as ai_gen does. KnownErrors as there. */
export async function checkImage(
  given: CallArguments,
  models: Models,
  caller: RoleIdentity & { admin: boolean },
  place?: string,
): Promise<CheckedCall> {
  const wish = savedAt(readWish(given, models.places), place && (await models.named.find(place)));
  const candidates =
    wish.model === undefined
      ? await models.catalogue.defaults('image-generation', caller)
      : await named(wish.model, caller, models);
  const { model, ignored, request } = await bestOf(candidates, wish, models, caller);
  const checked = await checkCall({ model: model.name, request, file: wish.file }, models, caller);
  const { seed } = wish;
  const size = ignored.includes('size') ? undefined : wish.size;
  return { ...checked, image: { size, seed, ignored, simplifiedPrompt: undefined } };
}

/** As atPlace, for a session that has said its place once. */
function savedAt(wish: ImageWish, place: FileFields | '' | undefined): ImageWish {
  if (!place || wish.file) return wish;
  return { ...wish, file: place, outputDir: wish.outputDir ?? place.oss_path };
}

async function named(name: string, caller: RoleIdentity, { catalogue }: Models): Promise<DeployedModel[]> {
  const model = await catalogue.find(name, caller);
  if (!model) return [];
  if (model.task === 'image-generation') return [model];
  return refuse('model', name, 'a model of task image-generation', 'Leave it out for the default one.');
}

interface Candidate {
  model: DeployedModel;
  request: string;
  ignored: ImageField[];
}

async function bestOf(
  candidates: DeployedModel[],
  wish: ImageWish,
  models: Models,
  caller: RoleIdentity & { admin: boolean },
): Promise<Candidate> {
  const fitting: Candidate[] = [];
  const refusing: { model: DeployedModel; problem: unknown }[] = [];
  const allowed = await Promise.all(candidates.map((model) => mayCall(model, caller, models.catalogue)));
  for (const model of candidates.filter((_, index) => allowed[index])) {
    try {
      fitting.push(candidateOf(model, wish, models));
    } catch (problem) {
      refusing.push({ model, problem });
    }
  }
  const [best] = fitting.sort((a, b) => a.ignored.length - b.ignored.length);
  const lacking = best && without(wish, best.ignored);
  const refused = refusing.find(({ model }) => !lacking || fits(model, lacking, models));
  if (refused) throw inOwnWords(refused.problem);
  if (best) return best;
  throw noModel(wish.model);
}

/**
 * A model that takes the request once the best one's ignored fields are gone has refused the value of one of these: it is wrong, and no
 * reason to pay for a picture that was not asked for.
 */
function fits(model: DeployedModel, wish: ImageWish, models: Models): boolean {
  try {
    candidateOf(model, wish, models);
    return true;
  } catch {
    return false;
  }
}

function without(wish: ImageWish, ignored: ImageField[]): ImageWish {
  return { ...wish, ...Object.fromEntries(ignored.map((field) => [field, undefined])) };
}

/** As whoever asked wrote it: a request of image_generate has no `parameters`, and one reference. */
function inOwnWords(problem: unknown): unknown {
  if (!(problem instanceof KnownError)) return problem;
  const own = (text: string) =>
    text
      .replaceAll('parameters.', '')
      .replace(/reference_urls', ARRAY\[(.*?)\]/, "reference_image', $1")
      .replaceAll('reference_urls', 'reference_image');
  const { kind, message, detail, hint, retryable, cause } = problem;
  return new KnownError({
    ...{ kind, message: own(message), retryable, cause },
    ...(detail !== undefined && { detail }),
    ...(hint !== undefined && { hint: own(hint) }),
  });
}

function candidateOf(model: DeployedModel, wish: ImageWish, models: Models): Candidate {
  const taken = models.providers.of(model.provider).imageFields(model);
  const asked = (['negative_prompt', 'size', 'seed', 'reference_image'] as const).filter(
    (field) => wish[field] !== undefined,
  );
  const ignored = asked.filter((field) => !taken.includes(field));
  const request = requestOf(wish, ignored);
  const file = wish.file && models.places.readFile({ ...wish.file }, 'file');
  readCall(model, request, file, models);
  return { model, request, ignored };
}

/** The same in the words of ai_gen. No model has a field for a style: it is asked for in the prompt. */
function requestOf(wish: ImageWish, ignored: ImageField[]): string {
  const { prompt, style, outputDir, reference_image, negative_prompt, size, seed } = wish;
  const unless = (field: ImageField, value: unknown) => (ignored.includes(field) ? undefined : value);
  return JSON.stringify({
    prompt: style === undefined ? prompt : `${prompt}\nStyle: ${style}`,
    negative_prompt: unless('negative_prompt', negative_prompt),
    reference_image: unless('reference_image', reference_image),
    output_dir: outputDir,
    parameters: { size: unless('size', size), seed: unless('seed', seed) },
  });
}

function readWish({ request: text, file: given }: CallArguments, places: Places): ImageWish {
  const request = parse(text);
  refuseUnknown(request, fields, 'a request of image_generate');
  const size = requiredText(request, 'size');
  if (!/^\s*\d+\s*[*x×]\s*\d+\s*$/i.test(size)) refuse('size', size, "width*height, such as '1024*1024'");
  const { file, reference } = readReference(request, given, places);
  return {
    model: optionalText(request, 'model'),
    prompt: requiredText(request, 'prompt'),
    style: optionalText(request, 'style'),
    negative_prompt: optionalText(request, 'negative_prompt'),
    ...{ size, seed: optionalInteger(request, 'seed', seedRange) },
    ...{ reference_image: reference, outputDir: optionalText(request, 'output_dir'), file },
  };
}

function parse(text: string | null): Json {
  const hint = `Write json_build_object('prompt', '…', 'size', '1024*1024').`;
  let value: unknown;
  try {
    value = text === null ? null : JSON.parse(text);
  } catch (cause) {
    const message = `the request of image_generate is not JSON: ${(cause as Error).message}`;
    throw new KnownError({ kind: 'invalidJson', message, hint });
  }
  return isObject(value) ? value : refuse('the request of image_generate', value, 'a JSON object', hint);
}

/** A FILE in the request is the picture and the right to it; so is one beside the request, unless it names a directory. */
function readReference(
  request: Json,
  given: unknown,
  places: Places,
): { file: FileFields | undefined; reference: string | undefined } {
  const beside = isObject(given) ? readFileFields(given, 'file') : undefined;
  const { reference_image: inside } = request;
  if (isObject(inside)) {
    const own = readFileFields(inside, 'reference_image');
    if (beside && (beside.oss_endpoint !== own.oss_endpoint || beside.role_arn !== own.role_arn))
      refuse('reference_image', own, 'a FILE with the endpoint and role of the one beside the request');
    return { file: beside ?? own, reference: own.oss_path };
  }
  const text = optionalText(request, 'reference_image');
  if (text !== undefined) return { file: beside, reference: pictureAddress(text) };
  const isPicture = beside && !isDirectory(places.readPath(beside.oss_path, 'file'));
  return { file: beside, reference: isPicture ? beside.oss_path : undefined };
}

function noModel(name: string | undefined): KnownError {
  return new KnownError({
    kind: 'undefinedObject',
    message:
      name === undefined
        ? 'no model of task image-generation is deployed, and the request names none'
        : `external model "${name}" does not exist`,
    hint: "CALL register_external_model('qwen_image', 'qwen-image-2.0', 'bailian', '{}', 'image-generation') deploys one.",
  });
}

/** The answer, from the result of ai_gen. Width and height are what the provider says, else what was asked for, else null. */
export function imageAnswer(result: string, { size, seed, ignored, simplifiedPrompt }: ImageFacts): string {
  const made: Json = JSON.parse(result);
  const first = (name: string) => (Array.isArray(made[name]) ? textOf(made[name][0]) : undefined);
  const usage = objectAt(made, 'usage');
  const [width, height] = (textOf(usage.size) ?? size)?.split(/[*x×]/i).map(Number) ?? [];
  return storableJson({
    image_url: first('image_urls') ?? null,
    width: usage.width ?? width ?? null,
    height: usage.height ?? height ?? null,
    seed: ignored.includes('seed') ? null : (seed ?? null),
    ...(first('image_oss_paths') && { image_oss_path: first('image_oss_paths') }),
    ...(ignored.length > 0 && { ignored }),
    ...(simplifiedPrompt !== undefined && { simplified_prompt: simplifiedPrompt }),
    ...(made.dry_run !== undefined && { dry_run: made.dry_run }),
  });
}

/** The call to make in its place after an answer without a picture that cost nothing; undefined: after any other error, and the second time. */
export function simplerCall(call: CheckedCall, error: unknown, models: Models): CheckedCall | undefined {
  const { image, model, requestText, file } = call;
  const isEmpty = error instanceof ProviderFailure && error.code === nothingMade;
  if (!image || image.simplifiedPrompt !== undefined || !isEmpty) return undefined;
  const { negative_prompt: _left, ...request } = JSON.parse(requestText);
  const prompt = simplerPrompt(request.prompt);
  const text = JSON.stringify({ ...request, prompt });
  return { ...readCall(model, text, file, models), image: { ...image, simplifiedPrompt: prompt } };
}

/** For whoever waits. */
export function onceMoreNote({ image }: CheckedCall): string {
  return `image_generate: an answer had no picture and cost nothing; it was asked for once more with the prompt ${show(image?.simplifiedPrompt)}`;
}

/** Its first sentence, or what stands before its first comma. */
function simplerPrompt(prompt: string): string {
  const [line = prompt] = prompt.trim().split('\n');
  const sentence = /^.{3,}?[.!?。！？](?=\s|$)|^.{3,}?[。！？]/u.exec(line)?.[0] ?? line;
  const shorter = sentence === prompt.trim() ? sentence.split(/[,;，；]/u)[0] : sentence;
  return shorter?.trim() || prompt;
}
