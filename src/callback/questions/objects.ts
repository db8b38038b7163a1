/** Questions about what lies in a store: the facts of one object, and a page of a directory for the rows of an object table. */

import { refuse } from '../../fields.js';
import { isObject, type Json } from '../../json.js';
import { formatOf } from '../../media/kinds.js';
import { withoutQuotes } from '../../storage/etag.js';
import type { FileValue } from '../../storage/file-value.js';
import { formatPath } from '../../storage/path.js';
import type { ListedObject, ObjectInfo, Storage } from '../../storage/storage.js';
import { type Answers, type FileMemory, type QuestionTools, textOrNull } from './question.js';
import { refuseReadOnly } from './rights.js';

export function answerAboutObjects({ storage, files }: QuestionTools): Answers {
  return {
    async file_facts(question) {
      const file = storage.readFile(fileOf(question));
      storage.checkRight(file.right);
      return factsOf(file, await lookAt(file, storage, files));
    },

    /** A page of what lies in a directory, for the rows of an object table. */
    async list_objects(question, caller, signal) {
      // Its rows are undone with an estimate.
      refuseReadOnly(caller, 'refreshing an object table');
      const { path, right } = storage.readFile(fileOf(question));
      storage.checkRight(right);
      const after = textOrNull(question.after) ?? undefined;
      const page = await storage.list(path, right, { recursive: question.recursive === true, after, signal });
      return { objects: page.objects.map(asRow), next: page.next ?? null };
    },
  };
}

/** A look of its own, that does not end with the session that asked first: others may wait for it. */
export function lookAt(
  { path, right, fields }: FileValue,
  storage: Storage,
  files: FileMemory,
): Promise<ObjectInfo> {
  return files.once(JSON.stringify(fields), () => storage.head(path, right, new AbortController().signal));
}

/** The FILE of a question, which anybody may have written. */
export function fileOf({ file }: Json): Json {
  return isObject(file) ? file : refuse('file', file, 'a FILE', 'Write to_file(path, endpoint, role_arn).');
}

/** A store that was told no content type says this. */
const noContentType = 'application/octet-stream';

function factsOf({ path }: FileValue, { bytes, etag, contentType, lastModified }: ObjectInfo) {
  const type = contentType === noContentType ? undefined : contentType;
  const told = type ?? formatOf(path.key)?.contentType ?? noContentType;
  return {
    size: bytes,
    etag: withoutQuotes(etag),
    content_type: told,
    last_modified: lastModified?.toISOString() ?? null,
    file_type: fileTypeOf(told),
  };
}

/** The words of Snowflake's FL_GET_FILE_TYPE. */
function fileTypeOf(contentType: string): string {
  const [kind = ''] = contentType.split('/');
  if (['image', 'video', 'audio'].includes(kind)) return kind;
  return kind === 'text' ||
    /^application\/(pdf|msword|rtf|vnd\.(ms-|openxmlformats-officedocument))/.test(contentType)
    ? 'document'
    : 'unknown';
}

/** A list tells no content types, so it is what the name's ending says. */
function asRow({ path, bytes, etag, lastModified }: ListedObject) {
  return {
    object_uri: formatPath(path),
    etag: withoutQuotes(etag),
    metadata: {
      size: bytes,
      content_type: formatOf(path.key)?.contentType ?? null,
      last_modified: lastModified.toISOString(),
    },
  };
}
