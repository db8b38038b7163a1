/** Tables of bad requests: each row changes one thing about a good request and says what the user must be told. */

/** `changes` replace fields of the good request; undefined takes one away. A text or NULL stands for the whole request. */
export type RefusalRow = [
  changes: Record<string, unknown> | string | null,
  message: string | RegExp,
  hint: string | RegExp,
  more?: { sqlstate?: string; model?: string; file?: string | null },
];

export interface Refusals {
  scenario: string;
  model: string;
  good: Record<string, unknown>;
  rows: RefusalRow[];
}

export const golden = 'oss://bucket/path/golden_man.png';
export const stone = 'oss://bucket/path/stone_man.png';
export const music = 'oss://bucket/path/background.mp3';

/** Put there by the test. */
export const badObjects = {
  'oss://bucket/path/notes.txt': 1,
  'oss://bucket/path/empty.png': 0,
  'oss://bucket/path/huge.png': 10 * 1024 * 1024 + 1,
  'oss://bucket/path/huge.mp3': 15 * 1024 * 1024 + 1,
};

export const parameters = (given: Record<string, unknown>) => ({ parameters: given });

export const pathHint =
  'Write oss://<bucket>/<path>, for example oss://my-bucket/pictures/ or oss://my-bucket/pictures/cat.png.';
export const fileHint =
  "Pass to_file('oss://bucket/path/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::<account>:role/<name>') as the last argument; it is NULL when one of its own arguments is.";
export const jsonHint = "Write json_build_object('prompt', '…', 'parameters', json_build_object(…))::text.";
export const missingObject = (path: string) =>
  `${path} does not exist (asked with role acs:ram::1234567890123456:role/hologen)`;
export const missingHint =
  "Check the path, the endpoint of the bucket's region, and that the role has oss:GetObject on it.";
export const emptyHint = (field: string) =>
  `Give ${field} a value; in a query, filter such rows out or coalesce it.`;
export const rangeHint = (field: string, range: string) =>
  `Set ${field} to a whole number from ${range}, or leave it out for the default.`;
