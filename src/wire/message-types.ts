/** The type bytes of the messages that the gateway knows. Their meaning depends on the direction: 'E' is Execute or ErrorResponse. */

export const frontendType = {
  query: 0x51,
  parse: 0x50,
  bind: 0x42,
  describe: 0x44,
  execute: 0x45,
  close: 0x43,
  sync: 0x53,
  functionCall: 0x46,
  copyDone: 0x63,
  copyFail: 0x66,
  terminate: 0x58,
} as const;

export const backendType = {
  authentication: 0x52,
  backendKeyData: 0x4b,
  readyForQuery: 0x5a,
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  rowDescription: 0x54,
  noData: 0x6e,
  portalSuspended: 0x73,
  emptyQueryResponse: 0x49,
  commandComplete: 0x43,
  copyInResponse: 0x47,
  copyBothResponse: 0x57,
  errorResponse: 0x45,
  noticeResponse: 0x4e,
} as const;

/** A set of type bytes, as a table that is cheap to look up for every frame: 1 for its members. */
export function typeTable(types: Iterable<number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const type of types) table[type] = 1;
  return table;
}
