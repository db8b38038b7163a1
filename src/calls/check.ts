/** Checks a call before anything is spent: model, request, media, output place. What comes out can be sent. */
import { KnownError } from '../errors.js';
import { isObject } from '../json.js';
import type { Catalogue, DeployedModel } from '../ledger/job.js';
import type { MediumKind } from '../media/kinds.js';
import type { ModelType, Scenario } from '../providers/model-studio/model-table.js';
import { requireModelType } from '../providers/model-studio/model-types.js';
import { type MediaRequest, readMediaRequest } from '../providers/model-studio/request.js';
import { readTextRequest, type TextRequest } from '../providers/model-studio/text-request.js';
import type { FileValue, Right } from '../storage/file-value.js';
import type { Places, Storage } from '../storage/storage.js';
import { isPretended } from './dry-run.js';
import { checkMedium, type Medium, requireRight } from './media.js';

export interface CheckedCall {
  model: DeployedModel;
  type: ModelType;
  scenario: Scenario;
  file: FileValue | undefined;
  /** As the user wrote it. */
  requestText: string;
  request: { kind: 'media'; media: MediaRequest } | { kind: 'text'; text: TextRequest };
}

export interface CallArguments {
  model: string | null;
  request: string | null;
  file: unknown;
}

/** The part that needs no network: refuses bad requests at once. `caller` must have the right to the model; a job taken up again has it. */
export async function checkCall(
  call: CallArguments,
  catalogue: Catalogue,
  places: Places,
  caller?: { role: string; admin: boolean },
): Promise<CheckedCall> {
  if (call.request === null) {
    throw new KnownError({
      kind: 'invalidParameterValue',
      message: 'the request of ai_gen is NULL',
      hint: 'A JSON operator with a NULL side gives NULL; coalesce it.',
    });
  }
  const file = isObject(call.file) ? places.readFile(call.file, 'file') : undefined;
  const model =
    call.model === null
      ? await defaultModel(call.request, file, catalogue, places)
      : await namedModel(call.model, catalogue);
  if (model.restricted && caller && !caller.admin) await requireGrant(model.name, caller.role, catalogue);
  const type = requireModelType(model.modelType, model.task);
  const request: CheckedCall['request'] =
    type.task === 'chat/completions' || type.task === 'embedding'
      ? { kind: 'text', text: readTextRequest(call.request, file, type.task, places) }
      : { kind: 'media', media: readMediaRequest(call.request, model.modelType, type, places) };
  const scenario = request.kind === 'media' ? request.media.scenario : (type.scenarios[0] as Scenario);
  return { model, type, scenario, file, requestText: call.request, request };
}

async function requireGrant(model: string, role: string, catalogue: Catalogue): Promise<void> {
  if (await catalogue.mayCall(model, role)) return;
  throw new KnownError({
    kind: 'insufficientPrivilege',
    message: `permission denied for external model "${model}"`,
    hint: `The owner of hologen can CALL grant_model('${model}', '${role}').`,
  });
}

/**
 * The part that asks the store: every medium readable, the output place writable. Returns the ETags of the media, in their order. In a dry run
 * media that another call of it would have made are taken for granted.
 */
export async function checkStorage(
  call: CheckedCall,
  storage: Storage,
  signal: AbortSignal,
  dryRun: boolean,
): Promise<string[]> {
  const looks = mediaOf(call)
    .filter(({ medium }) => !(dryRun && isPretended(medium.path)))
    .map(({ medium, kinds, right }) => checkMedium(storage, medium, kinds, right, signal));
  if (call.request.kind === 'media') {
    const { output } = call.request.media;
    const right = call.file?.right;
    if (output)
      await Promise.all([...looks, storage.checkWritable(output, requireRight(right, 'output_dir'), signal)]);
  }
  return Promise.all(looks);
}

/** What the provider is to read, and what each may be. */
function mediaOf(call: CheckedCall): { medium: Medium; kinds: MediumKind[]; right: Right }[] {
  if (call.request.kind === 'text') {
    const files = call.request.text.parts.flatMap((part) => ('file' in part ? [part] : []));
    return files.map(({ file, kind }, index) => ({
      medium: { field: `file ${index + 1}`, text: file.text, path: file.path, anyForm: true },
      kinds: [kind],
      right: file.right,
    }));
  }
  const { media, audio, scenario } = call.request.media;
  const kinds: MediumKind[] = scenario === 'reference-video' ? ['picture', 'video'] : ['picture'];
  const right = (field: string) => requireRight(call.file?.right, field);
  return [
    ...media.map((medium) => ({ medium, kinds, right: right(medium.field) })),
    ...(audio ? [{ medium: audio, kinds: ['sound' as const], right: right(audio.field) }] : []),
  ];
}

async function namedModel(name: string, catalogue: Catalogue): Promise<DeployedModel> {
  const model = await catalogue.find(name);
  if (model) return model;
  const deployed = (await catalogue.list()).map((each) => each.name);
  throw new KnownError({
    kind: 'undefinedObject',
    message: `external model "${name}" does not exist`,
    hint:
      deployed.length > 0
        ? `Deployed: ${deployed.slice(0, 20).join(', ')}. CALL register_external_model(…) deploys another.`
        : "Deploy one: CALL register_external_model('name', 'qwen-image-2.0-pro', 'bailian', '{\"api_key\": \"sk-…\"}', 'image-generation').",
  });
}

/** Without a name: the first deployed model whose type can do what the request asks for. A FILE means media, as in Hologres. */
async function defaultModel(
  request: string,
  file: FileValue | undefined,
  catalogue: Catalogue,
  places: Places,
): Promise<DeployedModel> {
  const task = file && looksLikePictureRequest(request) ? 'image-generation' : 'chat/completions';
  const models = (await catalogue.list()).filter((model) => model.task === task);
  const fitting = models.find((model) => canRead(request, model, places)) ?? models[0];
  if (fitting) return fitting;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `no model of task ${task} is deployed, and the call names none`,
    hint: `CALL register_external_model(…, '${task}') deploys one.`,
  });
}

/** A JSON request that is not a template with arguments of its own. */
function looksLikePictureRequest(request: string): boolean {
  try {
    const value: unknown = JSON.parse(request);
    return isObject(value) && !('args' in value);
  } catch {
    return false;
  }
}

function canRead(request: string, model: DeployedModel, places: Places): boolean {
  if (model.task === 'chat/completions') return true;
  try {
    readMediaRequest(request, model.modelType, requireModelType(model.modelType, model.task), places);
    return true;
  } catch {
    return false;
  }
}
