/** One authenticated request with everything an operation needs to carry it out. */
import type { Answer } from './answer.js';
import type { KeyedLock } from './keyed-lock.js';
import type { MultipartFiles } from './multipart-files.js';
import type { BucketRecord, ObjectFiles } from './object-files.js';
import type { RecordedRequest } from './recording.js';
import type { StoreRequest } from './request.js';

export interface Exchange {
  request: StoreRequest;
  answer: Answer;
  record: RecordedRequest;
  bucket: BucketRecord;
  files: ObjectFiles;
  multipart: MultipartFiles;
  /** By upload id: an upload is completed once. */
  uploadLock: KeyedLock;
  /** Throws AccessDenied when a session policy does not allow the action on `bucket/key`, beside what the operation itself needs. */
  requireRight(action: string, path: string): void;
}

export type RunOperation = (exchange: Exchange) => Promise<void>;
