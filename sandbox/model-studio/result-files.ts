/** Files of results on disk: the references kept for their drawing, each drawn once, when it is first asked for. */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checksumOfFile } from '../checksum.js';
import { drawPicture } from '../media/pictures.js';
import { recordVideo } from '../media/videos.js';

export interface ResultRequest {
  /** File name below `/results/`, e.g. `<task id>-1.png`. */
  name: string;
  width: number;
  height: number;
  /** Videos only. */
  durationSeconds?: number;
  title: string;
  prompt: string;
  /** Encoded pictures to show. */
  references: Buffer[];
  seed: number;
}

export type StoredResult = Omit<ResultRequest, 'references'> & { referenceFiles: string[] };

export interface ResultFiles {
  keepReference(bytes: Buffer): Promise<string>;
  /** Returns the path of a JSON document. */
  keepDocument(name: string, document: unknown): Promise<string>;
  /** The path of the result's file, drawn when it is not there yet. */
  draw(result: StoredResult): Promise<string>;
  /** The host of real results is an OSS bucket, which tells the checksum of the whole object. */
  checksumOf(path: string): Promise<string>;
}

export async function openResultFiles(directory: string): Promise<ResultFiles> {
  const references = join(directory, '.references');
  await mkdir(references, { recursive: true });
  return {
    async keepReference(bytes) {
      const path = join(references, createHash('sha256').update(bytes).digest('hex'));
      if (!(await exists(path))) await writeFile(path, bytes);
      return path;
    },
    async keepDocument(name, document) {
      const path = join(directory, name);
      await writeFile(path, JSON.stringify(document));
      return path;
    },
    draw: once(
      (result: StoredResult) => draw(directory, result),
      ({ name }) => name,
    ),
    checksumOf: remembered(checksumOfFile),
  };
}

/** Whoever asks while the work goes on waits for the same work. */
function once<Of, What>(work: (of: Of) => Promise<What>, keyOf: (of: Of) => string) {
  const going = new Map<string, Promise<What>>();
  return (of: Of): Promise<What> => {
    const key = keyOf(of);
    const found = going.get(key);
    if (found) return found;
    const started = work(of).finally(() => going.delete(key));
    going.set(key, started);
    return started;
  };
}

function remembered(work: (path: string) => Promise<string>) {
  const known = new Map<string, string>();
  return async (path: string): Promise<string> => {
    const found = known.get(path) ?? (await work(path));
    known.set(path, found);
    return found;
  };
}

async function draw(directory: string, result: StoredResult): Promise<string> {
  const path = join(directory, result.name);
  if (await exists(path)) return path;
  const { name: _, referenceFiles, durationSeconds, ...rest } = result;
  const request = { ...rest, references: await Promise.all(referenceFiles.map((file) => readFile(file))) };
  const bytes = await (durationSeconds === undefined
    ? drawPicture(request)
    : recordVideo({ ...request, durationSeconds }));
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
  return path;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
