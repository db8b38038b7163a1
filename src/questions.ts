/** What the engine's functions may ask of the gateway, one entry a question of sql/. */
import type { Answer, Caller } from './engine/callback.js';
import { SqlError, sqlstate } from './errors.js';
import type { Calls } from './generation/calls.js';
import { deployModel, removeModel } from './generation/deploy.js';
import { refuse } from './generation/fields.js';
import { parseFileValue } from './generation/file-value.js';
import type { CallOrigin, Catalogue, DeployedModel } from './generation/ledger.js';
import { describeModelTypes } from './generation/model-types.js';
import { isObject, type Json } from './json.js';
import { isDirectory } from './storage/oss-path.js';
import type { Storage } from './storage/storage.js';

/** PostgreSQL 17 made dblink interruptible; before, a cancel is noticed only between two round trips. */
const interruptibleSince = 170_000;
const shortWaitMs = 200;
const longWaitMs = 2_000;

export interface QuestionTools {
  calls: Calls;
  catalogue: Catalogue;
  storage: Storage;
  /** Tells whether a file was seen lately, so that a column of to_file() asks OSS once a file. */
  files: FileMemory;
}

export function answerQuestions({ calls, catalogue, storage, files }: QuestionTools): Answer {
  const answers: Record<string, (question: Json, caller: Caller, signal: AbortSignal) => Promise<unknown>> = {
    async check_file(question) {
      const file = parseFileValue(question.file as Json);
      storage.checkAccess(file.access);
      if (isDirectory(file.path)) return;
      // A look of its own, that does not end with the session that asked first: others may wait for it.
      await files.once(JSON.stringify(question.file), async () => {
        await storage.head(file.path, file.access, new AbortController().signal);
      });
    },
    submit: (question, caller) =>
      calls.submit(
        {
          model: textOrNull(question.model),
          request: textOrNull(question.request),
          file: question.file,
          progress: question.progress !== 'off',
          reuse: question.reuse !== 'off',
          maxCalls: readMaxCalls(question.maxCalls),
        },
        originOf(caller),
      ),
    wait: (question, caller) =>
      calls.wait(
        String(question.handle),
        originOf(caller),
        caller.engineVersion >= interruptibleSince ? longWaitMs : shortWaitMs,
      ),
    deploy_model: (question, caller) => {
      refuseReadOnly(caller, 'deploying a model');
      return deployModel(question, caller.role, catalogue);
    },
    remove_model: (question, caller) => {
      refuseReadOnly(caller, 'removing a model');
      return removeModel(question, { role: caller.role, admin: caller.admin }, catalogue);
    },
    async list_models() {
      const models = await catalogue.list();
      return models.sort((a, b) => (a.name < b.name ? -1 : 1)).map(catalogueRow);
    },
    async supported_models() {
      return describeModelTypes();
    },
  };

  return async (question, caller, signal) => {
    const answer = Object.hasOwn(answers, question.ask) ? answers[question.ask] : undefined;
    if (!answer || !isObject(question))
      throw new Error(`the engine asks for "${question.ask}", which this hologen does not know`);
    return answer(question, caller, signal);
  };
}

/** A row of list_external_models(): everything but the key. */
function catalogueRow(model: DeployedModel): Json {
  return {
    model_name: model.name,
    model_type: model.modelType,
    model_provider: model.provider,
    task: model.task,
    config: model.config,
    deployed_by: model.deployedBy,
    deployed_at: model.deployedAt,
  };
}

const defaultMaxCalls = 1000;

/** The setting as it was SET: any text, or nothing. */
function readMaxCalls(value: unknown): number {
  if (value === undefined || value === null || value === '') return defaultMaxCalls;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  return refuse('ai_gen.max_calls', value, 'a whole number', 'SET ai_gen.max_calls = 1000.');
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function originOf({ role, database, application, engineProcessId, statementAt }: Caller): CallOrigin {
  return { role, database, application, engineProcessId, statementAt };
}

function refuseReadOnly(caller: Caller, what: string): void {
  if (!caller.readOnly) return;
  throw new SqlError({
    sqlstate: sqlstate.readOnlyTransaction,
    message: `${what} is not possible in a read-only transaction`,
    hint: 'SET default_transaction_read_only = off.',
  });
}

export interface FileMemory {
  once(key: string, look: () => Promise<void>): Promise<void>;
}

const rememberedForMs = 10_000;
const mostRemembered = 10_000;

/** Remembers good files for some seconds, and lets those who ask at once share one look. */
export function createFileMemory(): FileMemory {
  const seen = new Map<string, { at: number; look: Promise<void> }>();
  return {
    once(key, look) {
      const known = seen.get(key);
      if (known && Date.now() - known.at < rememberedForMs) return known.look;
      if (seen.size >= mostRemembered) seen.clear();
      const fresh = { at: Date.now(), look: look() };
      seen.set(key, fresh);
      fresh.look.catch(() => seen.delete(key));
      return fresh.look;
    },
  };
}
