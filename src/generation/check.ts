/** Checks a call before anything is spent: model, request, media, output place. What comes out can be sent. */
import { SqlError, sqlstate } from '../errors.js';
import { isObject } from '../json.js';
import type { Storage } from '../storage/storage.js';
import { type FileValue, parseFileValue } from './file-value.js';
import type { Catalogue, DeployedModel } from './ledger.js';
import { checkMedium, requireAccess } from './media.js';
import type { ModelType, Scenario } from './model-table.js';
import { requireModelType } from './model-types.js';
import { type MediaRequest, readMediaRequest } from './request.js';
import { readTextRequest, type TextRequest } from './text-request.js';

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

/** The part that needs no network: refuses bad requests at once. */
export async function checkCall(call: CallArguments, catalogue: Catalogue): Promise<CheckedCall> {
  if (call.request === null) {
    throw new SqlError({
      sqlstate: sqlstate.invalidParameterValue,
      message: 'the request of ai_gen is NULL',
      hint: 'A JSON operator with a NULL side gives NULL; coalesce it.',
    });
  }
  const file = isObject(call.file) ? parseFileValue(call.file, 'file') : undefined;
  const model =
    call.model === null
      ? await defaultModel(call.request, file, catalogue)
      : await namedModel(call.model, catalogue);
  const type = requireModelType(model.modelType, model.task);
  const request: CheckedCall['request'] =
    type.task === 'chat/completions' || type.task === 'embedding'
      ? { kind: 'text', text: readTextRequest(call.request, file, type.task) }
      : { kind: 'media', media: readMediaRequest(call.request, model.modelType, type) };
  const scenario = request.kind === 'media' ? request.media.scenario : (type.scenarios[0] as Scenario);
  return { model, type, scenario, file, requestText: call.request, request };
}

/** The part that asks OSS: every medium readable, the output place writable. */
export async function checkStorage(call: CheckedCall, storage: Storage, signal: AbortSignal): Promise<void> {
  const access = call.file?.access;
  if (call.request.kind === 'text') {
    const files = call.request.text.parts.flatMap((part) => ('file' in part ? [part] : []));
    await Promise.all(
      files.map(({ file, kind }, index) =>
        checkMedium(
          storage,
          { field: `file ${index + 1}`, text: file.text, path: file.path, anyForm: true },
          [kind],
          file.access,
          signal,
        ),
      ),
    );
    return;
  }
  const { media, audio, output, scenario } = call.request.media;
  const kinds = scenario === 'reference-video' ? (['image', 'video'] as const) : (['image'] as const);
  await Promise.all([
    ...media.map((medium) =>
      checkMedium(storage, medium, [...kinds], requireAccess(access, medium.field), signal),
    ),
    audio && checkMedium(storage, audio, ['audio'], requireAccess(access, audio.field), signal),
    output && storage.checkWritable(output, requireAccess(access, 'output_dir'), signal),
  ]);
}

async function namedModel(name: string, catalogue: Catalogue): Promise<DeployedModel> {
  const model = await catalogue.find(name);
  if (model) return model;
  const deployed = (await catalogue.list()).map((each) => each.name);
  throw new SqlError({
    sqlstate: sqlstate.undefinedObject,
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
): Promise<DeployedModel> {
  const task = file && looksLikePictureRequest(request) ? 'image-generation' : 'chat/completions';
  const models = (await catalogue.list()).filter((model) => model.task === task);
  const fitting = models.find((model) => canRead(request, model)) ?? models[0];
  if (fitting) return fitting;
  throw new SqlError({
    sqlstate: sqlstate.undefinedObject,
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

function canRead(request: string, model: DeployedModel): boolean {
  if (model.task === 'chat/completions') return true;
  try {
    readMediaRequest(request, model.modelType, requireModelType(model.modelType, model.task));
    return true;
  } catch {
    return false;
  }
}
