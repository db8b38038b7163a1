/** What tells statements of one engine process from each other. */
import type { CallOrigin } from '../ledger/job.js';
import type { SessionSettings } from './session-settings.js';

/** In one statement of a client a function may call with its owner's rights: its calls are that role's. */
export function nameOf({ statementAt, role }: CallOrigin): string {
  return `${statementAt} ${role}`;
}

/**
 * Of several statements in one text, which have the same time, each has the settings that were SET before it. They are written out once for
 * the calls of a question, which have them in common.
 */
export function nameWith(settings: SessionSettings, origin: CallOrigin): string {
  const text = settingsTexts.get(settings) ?? JSON.stringify(settings);
  settingsTexts.set(settings, text);
  return `${nameOf(origin)} ${text}`;
}
const settingsTexts = new WeakMap<SessionSettings, string>();

/** A span until when its calls may wait (SET ai_gen.by = '2h') begins anew with each statement. */
export const behindTime = (name: string): string => name.slice(name.indexOf(' ')).replace(/"by":\d+/, '');
