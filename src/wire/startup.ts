/**
 * The first packets of a connection, which have no type byte: length, code, body.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html (StartupMessage, SSLRequest, GSSENCRequest, CancelRequest)
 */

/** MAX_STARTUP_PACKET_LENGTH in PostgreSQL's src/include/libpq/pqcomm.h, plus the four bytes of the length, which it does not count. */
export const longestStartupPacket = 10_004;
/** First byte of a TLS record: a client that uses sslnegotiation=direct. */
export const tlsHandshakeByte = 0x16;

const sslRequestCode = 80_877_103;
const gssRequestCode = 80_877_104;
const cancelRequestCode = 80_877_102;
const lengthBytes = 4;

export type InitialPacket =
  | { kind: 'incomplete' }
  | { kind: 'malformed' }
  | { kind: 'ssl'; bytes: number }
  | { kind: 'gss'; bytes: number }
  | { kind: 'cancel'; bytes: number }
  | { kind: 'startup'; bytes: number; parameters: Map<string, string> | undefined };

/** Reads the first packet in `buffer`. The parameters of a startup packet are undefined for other major protocol versions. */
export function readInitialPacket(buffer: Buffer): InitialPacket {
  if (buffer.length < lengthBytes) return { kind: 'incomplete' };
  const bytes = buffer.readUInt32BE(0);
  if (bytes < 2 * lengthBytes || bytes > longestStartupPacket) return { kind: 'malformed' };
  if (buffer.length < bytes) return { kind: 'incomplete' };
  const code = buffer.readUInt32BE(lengthBytes);
  if (code === sslRequestCode) return { kind: 'ssl', bytes };
  if (code === gssRequestCode) return { kind: 'gss', bytes };
  if (code === cancelRequestCode) return { kind: 'cancel', bytes };
  const parameters = code >>> 16 === 3 ? readParameters(buffer.subarray(2 * lengthBytes, bytes)) : undefined;
  return { kind: 'startup', bytes, parameters };
}

/** As Latin-1, because the encoding is not known yet. Undefined for a layout that PostgreSQL refuses. */
function readParameters(body: Buffer): Map<string, string> | undefined {
  if (body.at(-1) !== 0) return undefined;
  const words = body.toString('latin1').split('\0');
  const parameters = new Map<string, string>();
  let at = 0;
  for (; at + 1 < words.length && words[at] !== ''; at += 2) {
    parameters.set(words[at] as string, words[at + 1] as string);
  }
  // The list must end with an empty name, the last byte.
  return at === words.length - 2 ? parameters : undefined;
}

/** The same startup packet with different parameters; the protocol version stays. */
export function withParameters(packet: Buffer, parameters: Map<string, string>): Buffer {
  const body = Buffer.from(
    `${[...parameters].flatMap((pair) => pair.map((word) => `${word}\0`)).join('')}\0`,
    'latin1',
  );
  const header = Buffer.alloc(2 * lengthBytes);
  header.writeUInt32BE(header.length + body.length, 0);
  packet.copy(header, lengthBytes, lengthBytes, 2 * lengthBytes);
  return Buffer.concat([header, body]);
}

/** CancelRequest with the body of a BackendKeyData: process id and key. */
export function cancelRequest(processKey: Buffer): Buffer {
  const header = Buffer.alloc(2 * lengthBytes);
  header.writeUInt32BE(header.length + processKey.length, 0);
  header.writeUInt32BE(cancelRequestCode, lengthBytes);
  return Buffer.concat([header, processKey]);
}

/** What a CancelRequest is about: the body of a BackendKeyData. */
export function keyOf(request: Buffer): Buffer {
  return request.subarray(2 * lengthBytes);
}

/** SSLRequest, for an engine that is reached over TLS. */
export function sslRequest(): Buffer {
  const packet = Buffer.alloc(2 * lengthBytes);
  packet.writeUInt32BE(packet.length, 0);
  packet.writeUInt32BE(sslRequestCode, lengthBytes);
  return packet;
}
