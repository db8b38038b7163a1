/** Media on their way out: from the provider's temporary address into storage, streamed; the copy is repeated, never the generation. */
import { KnownError } from '../errors.js';
import { endingOf } from '../media/kinds.js';
import type { CheckedRequest, Made } from '../providers/provider.js';
import { withoutQuotes } from '../storage/etag.js';
import { formatPath, isDirectory, joinPath, type StoragePath } from '../storage/path.js';
import type { CheckedCall } from './check.js';
import { type Course, holdUp, type Services, tell } from './course.js';
import { growing, isPassing, keptMs, pause } from './hold-up.js';
import { requireRight } from './media.js';
import { resultOf } from './result.js';
import { madeName, writtenAs } from './written-as.js';

/** A network or a store that is down is waited for by the statement too; whom the store refuses hears of it at once. */
const patience = {
  passing: { times: Number.POSITIVE_INFINITY, ms: 15 * 60 * 1000 },
  refused: { times: 1, ms: 0 },
};
const firstPauseMs = 1_000;

interface Saved {
  ossPath: string;
  bytes: number;
  /** Without the quotes of HTTP. */
  etag: string;
  contentType: string;
}

/**
 * Saves what was made: `<request id>.png`, or `<request id>-<i>.png` where there are several. Making it again costs money, so the copy is
 * repeated for as long as the provider keeps the result, whatever the store says, and whether somebody waits for it or not.
 */
export async function save(course: Course, made: Made, services: Services): Promise<void> {
  const giveUpAt = Date.now() + keptMs;
  const saved = new Map<number, Saved>();
  for (;;) {
    try {
      await copyOutputs(course, made, saved, services);
      break;
    } catch (error) {
      if (Date.now() > giveUpAt) {
        await tell(course, { kind: 'not saved', error, outputs: outputsOf(made, saved) }, services);
        return;
      }
      const failed = {
        error: withAddress(error, course.jobId),
        patience: patience[isPassing(error) ? 'passing' : 'refused'],
      };
      await holdUp(course, failed, services);
    }
    services.meter.repeated(course.checked.model, 'copy');
    const longestMs =
      Date.now() - (course.awaited.holdUp?.since ?? 0) > patience.passing.ms ? undefined : 15_000;
    await pause(course.awaited, growing(firstPauseMs, course.awaited, longestMs));
  }
  const copies = made.urls.map((_url, index) => saved.get(index) as Saved);
  const outputs = outputsOf(made, saved);
  const result = resultOf(
    course.checked.request,
    made,
    copies.map(({ ossPath }) => ossPath),
  );
  await tell(course, { kind: 'saved', result, outputs }, services);
}

function outputsOf({ urls }: Made, saved: Map<number, Saved>) {
  return urls.map((url, index) => ({ url, ...saved.get(index) }));
}

/** Those that are not in `saved` yet. Rejects when one cannot be copied; the others are copied all the same. */
async function copyOutputs(
  { jobId, checked }: Course,
  made: Made,
  saved: Map<number, Saved>,
  services: Services,
): Promise<void> {
  const { meter } = services;
  const copies = made.urls.map(async (_url, index) => {
    if (saved.has(index)) return;
    const copy = await copyOutput(index, jobId, checked, made, services);
    saved.set(index, copy);
    meter.saved(checked.model, copy.bytes);
  });
  const failed = (await Promise.allSettled(copies)).find((copy) => copy.status === 'rejected');
  if (failed) throw failed.reason;
}

async function copyOutput(
  index: number,
  jobId: string,
  { request, provider, model, file }: CheckedCall,
  { urls, requestId }: Made,
  { storage, ledger }: Services,
): Promise<Saved> {
  const url = urls[index] as string;
  const own = [fileNameOf(requestId, jobId), url, urls.length > 1 ? index + 1 : undefined] as const;
  const named = targetOf(request, ...own);
  // A call that was given up may end long after the one that took its place, whose file is paid for, too.
  const isTaken = saysOwnName(request) && (await ledger.isTakenSince(jobId, formatPath(named)));
  const target = isTaken ? targetOf(besideNamed(request), ...own) : named;
  const right = requireRight(file?.right, 'output_dir');
  const download = async (stop: AbortSignal) => {
    const source = await provider.download(url, stop);
    if (source.lengthBytes === 0) throw nothingThere(url);
    return source;
  };
  const headers = writtenAs(madeName(url, request.makes), { modelType: model.modelType, jobId, requestId });
  const { bytes, etag } = await storage.save(target, right, download, {
    ...headers,
    // What is paid for is saved, whoever waits.
    signal: new AbortController().signal,
  });
  // Its length was not announced; the next copy takes its place.
  if (bytes === 0) throw nothingThere(url);
  return { ossPath: formatPath(target), bytes, etag: withoutQuotes(etag), contentType: headers.contentType };
}

function nothingThere(url: string): KnownError {
  return new KnownError({
    kind: 'providerFailure',
    message: 'the result that the provider named has no bytes',
    detail: `Host: ${new URL(url).host}.`,
    retryable: true,
  });
}

/** What could not be saved is paid for all the same: its user must learn where it is. */
function withAddress(error: unknown, jobId: string): unknown {
  if (!(error instanceof KnownError)) return error;
  const kept = `The result is made and paid for: for 24 hours it is at the address in hologen.jobs, job ${jobId}.`;
  const { kind, message, detail, hint, retryable } = error;
  return new KnownError({
    ...{ kind, message, detail, retryable },
    hint: hint ? `${hint} ${kept}` : kept,
    cause: error,
  });
}

/** The request's id, where it is one: else the job's, so that no two results have one name. */
function fileNameOf(requestId: string, jobId: string): string {
  return /^[\w-]{1,128}$/.test(requestId) ? requestId : jobId;
}

/** `index` counts from 1 where there are several. */
function nameOf(fileName: string | undefined, requestId: string, index: number | undefined): string {
  const usual = index === undefined ? '{request}' : '{request}-{i}';
  return (fileName ?? usual).replaceAll('{request}', requestId).replaceAll('{i}', String(index ?? 1));
}

/** first-and-last-frame names its file; everything else names a directory. */
function targetOf(
  { output, fileName, makes }: Pick<CheckedRequest, 'output' | 'fileName' | 'makes'>,
  requestId: string,
  url: string,
  index: number | undefined,
): StoragePath {
  if (!output) throw new Error('the request has no place for what is made');
  if (!isDirectory(output)) return output;
  const name = nameOf(fileName, requestId, index);
  return joinPath(output, `${name}.${endingOf(madeName(url, makes))}`);
}

/** True of a request that says where its file is saved; a name with {request} in it is nobody else's. */
export function saysOwnName({ output, fileName }: Pick<CheckedRequest, 'output' | 'fileName'>): boolean {
  if (!output) return false;
  return !isDirectory(output) || (fileName !== undefined && !fileName.includes('{request}'));
}

/** In the same directory, under the request's id. */
function besideNamed({
  output,
  makes,
}: CheckedRequest): Pick<CheckedRequest, 'output' | 'fileName' | 'makes'> {
  const directory = output && { ...output, key: output.key.replace(/[^/]*$/, '') };
  return { output: directory, fileName: undefined, makes };
}
