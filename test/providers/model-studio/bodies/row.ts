/** One row of the tables of request bodies: a statement's request and what Model Studio must receive for it. */

export interface BodyRow {
  /** What the row shows, for its test's name. */
  what: string;
  scenario: string;
  /** Each is deployed under a name of its own and gets the same request. */
  modelTypes: string[];
  task?: string;
  /** The second argument; an object is sent as JSON. */
  request: unknown;
  /** Instead of `request`: an SQL expression for it. */
  requestSql?: string;
  /** The path of to_file(); a directory when left out. */
  file?: string;
  path: string;
  mode: 'sync' | 'async';
  /** The body without `model`, which is always the model type; `signed:oss://…` stands for a presigned URL of that object. */
  body: Record<string, unknown>;
}

export const golden = 'oss://bucket/path/golden_man.png';
export const stone = 'oss://bucket/path/stone_man.png';
export const music = 'oss://bucket/path/background.mp3';
