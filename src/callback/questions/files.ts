/** Questions about objects in a store: does a file exist, and a URL that lets anybody read it for a while. */

import { isPretended } from '../../calls/dry-run-names.js';
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { isObject, type Json } from '../../json.js';
import type { FileValue } from '../../storage/file-value.js';
import { isDirectory } from '../../storage/path.js';
import type { Caller } from '../endpoint.js';
import type { Answers, FileMemory, QuestionTools } from './question.js';
import { requireMaker, seesAll } from './rights.js';

const rememberedForMs = 10_000;
const mostRemembered = 10_000;
/** What the port promises of a URL's life. */
const longestUrlSeconds = 3600;

export function answerAboutFiles({ storage, files, ledger, defaultDegree }: QuestionTools): Answers {
  async function checkFile(question: Json): Promise<void> {
    const file = storage.readFile(question.file as Json);
    storage.checkRight(file.right);
    if (isDirectory(file.path) || (question.dryRun === 'on' && isPretended(file.path))) return;
    // A look of its own, that does not end with the session that asked first: others may wait for it.
    await files.once(JSON.stringify(question.file), async () => {
      await storage.head(file.path, file.right, new AbortController().signal);
    });
  }

  return {
    check_file: checkFile,

    /** Whether to_file would give it. */
    try_file: (question) =>
      checkFile(question).then(
        () => true,
        (error: unknown) => {
          if (error instanceof KnownError) return false;
          throw error;
        },
      ),

    async sign_file(question, caller, signal) {
      const expiresSeconds = urlSeconds(question.seconds);
      if (isObject(question.file)) requireMaker('signing files of a store', caller, defaultDegree);
      const file = isObject(question.file)
        ? storage.readFile(question.file)
        : await savedFile(String(question.path), caller);
      storage.checkRight(file.right);
      await storage.head(file.path, file.right, signal);
      return storage.presign(file.path, file.right, { expiresSeconds, signal });
    },
  };

  /** The right of the call that saved the object, for a path alone. */
  async function savedFile(text: string, caller: Caller): Promise<Pick<FileValue, 'path' | 'right'>> {
    const path = storage.readPath(text, 'oss_path');
    const file = await ledger.fileOfOutput(text, caller, seesAll(caller, defaultDegree));
    if (isObject(file)) return { path, right: storage.readFile(file).right };
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
