/** An error answer of STS. */

/** HTTP status, code, message. */
export class StsRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Parameters of query and body together. */
export type Parameters = Map<string, string>;
