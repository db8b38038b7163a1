/** The hash of a certificate that SCRAM binds a login to: "tls-server-end-point" of RFC 5929. */
import { createHash, type X509Certificate } from 'node:crypto';

/**
 * Hash functions by signature algorithm (object identifier, DER in hexadecimal). RFC 5929 uses SHA-256 in place of MD5 and SHA-1. RSA-PSS and
 * Edwards curves are missing because PostgreSQL has no binding for them, or not in every version.
 */
const hashes: Record<string, string> = {
  '2a864886f70d010104': 'sha256',
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** Undefined if no binding is defined for the certificate's signature algorithm. */
export function certificateHash({ raw }: X509Certificate): Buffer | undefined {
  // SEQUENCE { signed part, SEQUENCE { algorithm, … }, signature }
  const certificate = element(raw, 0);
  const signed = element(raw, certificate.start);
  const algorithm = element(raw, element(raw, signed.end).start);
  const hash = hashes[raw.toString('hex', algorithm.start, algorithm.end)];
  return hash === undefined ? undefined : createHash(hash).update(raw).digest();
}

/** Start and end of the content of the DER element at an offset. */
function element(der: Buffer, at: number): { start: number; end: number } {
  const first = der.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  const start = at + 2 + lengthBytes;
  return { start, end: start + length };
}
