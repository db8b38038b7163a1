/** A call as its statement begins to know it: what was submitted, checked or refused by name; nothing is sent yet. */
import { randomUUID } from 'node:crypto';
import { KnownError } from '../errors.js';
import type { CallOrigin } from '../ledger/job.js';
import {
  type CallArguments,
  type CheckedCall,
  checkCall,
  checkStorage,
  type Models,
  type SubmittedCall,
} from './check.js';
import { newCourse, type Services } from './course.js';
import type { EstimatesUnderWay } from './estimates-under-way.js';
import { checkImage } from './image-generate.js';
import { isRefusal } from './meter.js';
import { requestKey } from './request-key.js';
import { withPlace } from './row-errors.js';
import { readSessionSettings, type SessionSettings } from './session-settings.js';
import type { Statement, StatementCall, Statements } from './statement.js';
import {
  refuseBeyondMemory,
  refuseTakenName,
  refuseTooLong,
  refuseTooMany,
  refuseWhileDraining,
} from './statement-bounds.js';
import { urgencyOf } from './urgency.js';

/** What calls are made with. */
export interface CallMaking {
  services: Services;
  models: Models;
  statements: Statements;
  estimates: EstimatesUnderWay;
}

/** A handle that a session has chosen may be any text: no other session meets its calls by it. */
export function nameOfCall(handle: string, { engineProcessId }: Pick<CallOrigin, 'engineProcessId'>): string {
  return `${engineProcessId} ${handle}`;
}

/** `stop`: of a detached call, which its statement does not end; `statement`: of one that is expected. */
export async function newCall(
  given: SubmittedCall,
  origin: CallOrigin,
  around: CallMaking,
  { stop, statement: expected }: { stop?: AbortController; statement?: Statement } = {},
): Promise<StatementCall> {
  const own = readSessionSettings(given.settings);
  around.estimates.require(origin.engineProcessId, own.estimate);
  const statement = expected ?? around.statements.of(origin, own, given.statement);
  if (own.webhook !== undefined) await around.models.webhooks.require(own.webhook);
  const checked = await checkOrRefuse(given, statement, own, around).catch((error: unknown) => {
    throw withPlace(error, statement);
  });
  // image.generate pays once for the same picture, unless the session says otherwise.
  const reuse = checked.image && !given.settings.reuse ? 'on' : own.reuse;
  refuseTakenName(checked, reuse, statement);
  const kept = { dryRun: own.dryRun, reuse, onError: given.onError ?? own.onError };
  return callOf({ statement, checked, ...kept }, around, stop, given.chosenHandle);
}

export function callOf(
  {
    statement,
    checked,
    ...own
  }: Pick<StatementCall, 'statement' | 'checked' | 'dryRun' | 'reuse' | 'onError'>,
  { services }: CallMaking,
  ownStop?: AbortController,
  chosenHandle?: string,
): StatementCall {
  for (const note of checked.request.notes) statement.notes.add(note);
  const handle = flat(randomUUID());
  // Written out: thousands of calls wait at once, and an object that is spread together takes four times the memory.
  const call: StatementCall = {
    handle,
    name: flat(nameOfCall(chosenHandle ?? handle, statement.origin)),
    statement,
    checked,
    dryRun: own.dryRun,
    reuse: own.reuse,
    onError: own.onError,
    index: statement.calls.length,
    detached: ownStop !== undefined,
    aside: false,
    delivered: false,
    settled: false,
    waits: 0,
    letGo: undefined,
    again: undefined,
    next: undefined,
    requestKey: '',
    decided: undefined,
    outcome: undefined,
    underWay: undefined,
    course: newCourse(
      {
        jobId: handle,
        role: statement.origin.role,
        urgency: urgencyOf(statement, {
          mayPass: statement.origin.admin,
          secondsEach: services.times.of(checked.model.name),
        }),
        checked,
        stop: (ownStop ?? statement.stop).signal,
        noted: statement.note,
      },
      { state: 'waiting' },
    ),
    storageChecked: checkStorage(checked, services.storage, statement.stop.signal, own.dryRun).then(
      (contents) => {
        call.requestKey = checked.inPlaceOf?.requestKey ?? requestKey(checked, contents);
      },
    ),
  };
  // Awaited at the first wait; until then a refusal must not count as unhandled.
  call.storageChecked.catch(() => {});
  return call;
}

/** V8 keeps a text that was put together as its pieces, which for an id is fifteen times the text. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

async function checkOrRefuse(
  given: CallArguments & Pick<SubmittedCall, 'form'>,
  statement: Statement,
  { place, dryRun }: Pick<SessionSettings, 'place' | 'dryRun'>,
  { models, services, statements }: CallMaking,
): Promise<CheckedCall> {
  try {
    if (!dryRun) refuseWhileDraining(statement, services.draining.drain);
    refuseTooMany(statement);
    refuseBeyondMemory(statement, statements.running);
    refuseTooLong(given, statement, statements.running);
    return await (given.form === 'image' ? checkImage : checkCall)(given, models, statement.origin, place);
  } catch (error) {
    if (error instanceof KnownError) statement.refused = error;
    if (isRefusal(error)) {
      // What the user wrote may be no model's name.
      const name = given.model;
      const model =
        name === null
          ? undefined
          : await models.catalogue.find(name, statement.origin).catch(() => undefined);
      services.meter.refused(model);
    }
    throw error;
  }
}
