/**
 * Which other deployed models are asked in place of one that could not: "fallback" in a model's config, in its order, each for the reasons
 * it names. What may have been taken or paid for is never asked for again.
 */
import { type ErrorKind, KnownError } from '../errors.js';
import { isObject, type Json, oneOf, optionalTexts, refuse, refuseUnknown, requiredText } from '../fields.js';
import { isSameRole, type RoleIdentity } from '../ledger/job.js';
import { ProviderFailure } from '../providers/provider.js';
import { type CheckedCall, checkCall, type Fallback, type Models } from './check.js';
import type { Course } from './course.js';

/** A refusal of content is a reason only where it is written. */
const reasons: Record<string, ErrorKind[]> = {
  quota: ['providerQuota'],
  failure: ['providerFailure', 'connectionFailure'],
  authorization: ['providerAuthorization'],
  content: ['contentRefused'],
};

/** Endings that surely cost nothing, whatever was sent. */
const endings = ['not taken', 'failed', 'refused', 'reused'];

/** KnownError 22023 for a config that does not say what it means. */
export function readFallbacks({ fallback }: Json): Fallback[] {
  if (fallback === undefined || fallback === null) return [];
  if (!Array.isArray(fallback)) return refuse('config.fallback', fallback, 'an array of {"model", "on"}');
  return fallback.map((each: unknown) => {
    if (!isObject(each)) return refuse('config.fallback', each, 'an object {"model": "…", "on": ["quota"]}');
    refuseUnknown(each, ['model', 'on'], 'config.fallback');
    const on = optionalTexts(each, 'on') ?? [];
    const wrong = on.find((reason) => !Object.hasOwn(reasons, reason));
    if (on.length === 0 || wrong !== undefined)
      refuse('config.fallback.on', wrong ?? on, `an array of reasons, each ${oneOf(Object.keys(reasons))}`);
    return { model: requiredText(each, 'model', 'config.fallback.model'), on };
  });
}

/** A provider that is busy for longer than this has failed. */
const mostThrottledMs = 30 * 60 * 1000;
/** Where another model is to be asked then, in place of waiting. */
const mostBusyMs = 2_000;

/** How long the provider may be busy for this call. */
export function longestThrottledMs({ model, fallback }: CheckedCall): number {
  const walksOn = (fallback?.left ?? readFallbacks(model.config)).some(({ on }) => on.includes('quota'));
  return walksOn ? mostBusyMs : mostThrottledMs;
}

/** The call to make in its place; undefined: there is none, and the error stands. */
export async function fallbackCall(
  { call, checked, billed }: Course,
  error: unknown,
  models: Models,
  caller: RoleIdentity & { admin: boolean },
): Promise<CheckedCall | undefined> {
  const isClear = !(error instanceof ProviderFailure && error.mayBeTaken);
  if (!(error instanceof KnownError) || !isClear || billed) return undefined;
  if (call.state !== 'ended' || !endings.includes(call.how)) return undefined;
  const left = checked.fallback?.left ?? readFallbacks(checked.model.config);
  for (const [index, { model, on }] of left.entries()) {
    if (!on.some((reason) => reasons[reason]?.includes(error.kind))) continue;
    const wish = { model, request: checked.requestText, file: checked.file?.fields ?? null };
    // One that is not there, is for others or does not take the request is passed over.
    const next = await checkCall(wish, models, caller).catch(() => undefined);
    if (next && (await isTrusted(next, checked, models, caller)))
      return {
        ...next,
        image: checked.image,
        fallback: { left: left.slice(index + 1), by: next.model.name },
      };
  }
  return undefined;
}

/** Anybody may deploy under a name that a config speaks of and nobody has taken: the prompts of others are not to go to that one's key. */
async function isTrusted(
  { model }: CheckedCall,
  first: CheckedCall,
  { catalogue }: Models,
  caller: RoleIdentity,
): Promise<boolean> {
  if (isSameRole(model.deployedBy, first.model.deployedBy)) return true;
  const known = await catalogue.defaults(model.task, caller);
  return known.some(({ name }) => name === model.name);
}

/** For whoever waits. */
export function fallbackNote(first: CheckedCall, next: CheckedCall, { message }: KnownError): string {
  return `ai_gen: ${next.model.name} answers in place of ${first.model.name}: ${message}`;
}

/** A result that is an object says who answered; a text has no place for it. */
export function withAnswerer(result: string, { fallback, request }: CheckedCall): string {
  if (!fallback || request.makes === 'text') return result;
  return JSON.stringify({ ...JSON.parse(result), answered_by: fallback.by });
}
