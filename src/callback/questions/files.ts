/** Questions about objects in OSS: does a file exist, and a URL that lets anybody read it for a while. */

import { isPretended } from '../../calls/dry-run.js';
import { type FileValue, parseFileValue } from '../../calls/file-value.js';
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { isObject, type Json } from '../../json.js';
import { isDirectory, parseOssPath } from '../../storage/oss-path.js';
import type { Answers, FileMemory, QuestionTools } from './question.js';

const rememberedForMs = 10_000;
const mostRemembered = 10_000;
/** Credentials of a role live an hour at most, and a URL no longer than they. */
const longestUrlSeconds = 3600;

export function answerAboutFiles({ storage, files, ledger }: QuestionTools): Answers {
  return {
    async check_file(question) {
      const file = parseFileValue(question.file as Json);
      storage.checkAccess(file.access);
      if (isDirectory(file.path) || (question.dryRun === 'on' && isPretended(file.path))) return;
      // A look of its own, that does not end with the session that asked first: others may wait for it.
      await files.once(JSON.stringify(question.file), async () => {
        await storage.head(file.path, file.access, new AbortController().signal);
      });
    },

    async sign_file(question, caller, signal) {
      const expiresSeconds = urlSeconds(question.seconds);
      const file = isObject(question.file)
        ? parseFileValue(question.file)
        : await savedFile(String(question.path), caller);
      storage.checkAccess(file.access);
      await storage.head(file.path, file.access, signal);
      return storage.presign(file.path, file.access, { expiresSeconds, signal });
    },
  };

  /** The access of the call that saved the object, for a path alone. */
  async function savedFile(
    text: string,
    caller: { role: string; admin: boolean },
  ): Promise<Pick<FileValue, 'path' | 'access'>> {
    const path = parseOssPath(text, 'oss_path');
    const file = await ledger.fileOfOutput(text, caller.role, caller.admin);
    if (isObject(file)) return { path, access: parseFileValue(file).access };
    throw new KnownError({
      kind: 'undefinedObject',
      message: `no call of role "${caller.role}" has saved an output at ${text}`,
      hint: 'For any other object pass a file: file_url(to_file(path, endpoint, role_arn), ttl).',
    });
  }
}

function urlSeconds(value: unknown): number {
  const seconds = Number(value);
  return seconds > 0 && seconds <= longestUrlSeconds
    ? Math.ceil(seconds)
    : refuse('ttl', `${value} s`, 'an interval of up to one hour', "Write interval '1 hour'.");
}

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
