/** Questions about objects in a store: does a file exist, and a URL that lets anybody read it for a while. */

import { isPretended } from '../../calls/dry-run-names.js';
import { KnownError } from '../../errors.js';
import { refuse } from '../../fields.js';
import { isObject, type Json } from '../../json.js';
import type { FileValue } from '../../storage/file-value.js';
import { isDirectory } from '../../storage/path.js';
import type { ObjectInfo } from '../../storage/storage.js';
import type { Caller } from '../endpoint.js';
import { fileOf, lookAt } from './objects.js';
import type { Answers, FileMemory, QuestionTools } from './question.js';
import { requireMaker, sightOf } from './rights.js';

const rememberedForMs = 10_000;
const mostRemembered = 10_000;
/** What the port promises of a URL's life. */
const longestUrlSeconds = 3600;

export function answerAboutFiles({ storage, files, ledger, degrees }: QuestionTools): Answers {
  async function checkFile(question: Json): Promise<void> {
    const file = storage.readFile(fileOf(question));
    storage.checkRight(file.right);
    if (isDirectory(file.path) || (question.dryRun === 'on' && isPretended(file.path))) return;
    await lookAt(file, storage, files);
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
      const process = readProcess(question.process);
      if (isObject(question.file)) requireMaker('signing files of a store', caller, degrees);
      const file = isObject(question.file)
        ? storage.readFile(question.file)
        : await savedFile(String(question.path), caller);
      storage.checkRight(file.right);
      await storage.head(file.path, file.right, signal);
      return storage.presign(file.path, file.right, { expiresSeconds, signal, process });
    },
  };

  /** The right of the call that saved the object, for a path alone. */
  async function savedFile(text: string, caller: Caller): Promise<Pick<FileValue, 'path' | 'right'>> {
    const path = storage.readPath(text, 'oss_path');
    const file = await ledger.fileOfOutput(text, caller, sightOf(caller, degrees));
    if (isObject(file)) return { path, right: storage.readFile(file).right };
    throw new KnownError({
      kind: 'undefinedObject',
      message: `no call of role "${caller.role}" has saved an output at ${text}`,
      hint: 'For any other object pass a file: file_url(to_file(path, endpoint, role_arn), ttl).',
    });
  }
}

const longestProcess = 1000;

/**
 * What OSS makes of the object itself. Nothing that it would make of another one of the bucket, which an address shows to whoever has it: a
 * watermark is text, as that of a picture names any object. @see https://help.aliyun.com/en/oss/user-guide/add-watermarks
 */
const processes: Record<string, readonly string[]> = {
  image: [
    ...[
      'resize',
      'crop',
      'rotate',
      'auto-orient',
      'circle',
      'indexcrop',
      'rounded-corners',
      'format',
      'quality',
    ],
    ...['interlace', 'blur', 'bright', 'contrast', 'sharpen', 'average-hue', 'info', 'watermark'],
  ],
  video: ['snapshot'],
};

function readProcess(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value);
  if (text.length <= longestProcess && isOfItsObject(text)) return text;
  return refuse(
    'process',
    text,
    `what OSS makes of the object itself: 'image/…' of ${processes.image?.join(', ')} (of text), or 'video/snapshot,…'`,
    "For example 'image/resize,w_800/format,webp', or 'video/snapshot,t_1000,f_jpg,w_800'.",
  );
}

/** `kind/operation,parameter_value,…/operation…`; a chain behind a sign such as | would be written somewhere. */
function isOfItsObject(text: string): boolean {
  const [kind = '', ...operations] = text.split('/');
  const known = Object.hasOwn(processes, kind) ? (processes[kind] ?? []) : [];
  return (
    operations.length > 0 &&
    operations.every((each) => {
      const [name = '', ...parameters] = each.split(',');
      return known.includes(name) && parameters.every((one) => /^(?!image_)[\w.=-]+$/i.test(one));
    })
  );
}

function urlSeconds(value: unknown): number {
  const seconds = Number(value);
  return seconds > 0 && seconds <= longestUrlSeconds
    ? Math.ceil(seconds)
    : refuse('ttl', `${value} s`, 'an interval of up to one hour', "Write interval '1 hour'.");
}

/** Remembers good files for some seconds, and lets those who ask at once share one look. */
export function createFileMemory(): FileMemory {
  const seen = new Map<string, { at: number; look: Promise<ObjectInfo> }>();
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
