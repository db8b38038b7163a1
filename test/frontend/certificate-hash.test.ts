/** The hash that a login is bound to, for each kind of certificate that openssl makes. */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateHash } from '../../src/frontend/certificate-hash.js';
import { runProgram } from '../programs.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hologen-certificates-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rsa = ['-newkey', 'rsa:2048'];
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'];

test.each<[name: string, options: string[], hash: string | undefined]>([
  ['RSA, SHA-1', [...rsa, '-sha1'], 'sha256'],
  ['RSA, SHA-256', [...rsa, '-sha256'], 'sha256'],
  ['RSA, SHA-384', [...rsa, '-sha384'], 'sha384'],
  ['RSA, SHA-512', [...rsa, '-sha512'], 'sha512'],
  ['elliptic curve, SHA-256', [...ec, '-sha256'], 'sha256'],
  ['elliptic curve, SHA-384', [...ec, '-sha384'], 'sha384'],
  ['elliptic curve, SHA-512', [...ec, '-sha512'], 'sha512'],
  ['RSA-PSS', [...rsa, '-sha256', '-sigopt', 'rsa_padding_mode:pss'], undefined],
  ['Ed25519', ['-newkey', 'ed25519'], undefined],
])('%s', async (_name, options, hash) => {
  const [certificate, key] = [join(folder, 'certificate'), join(folder, 'key')];
  const files = ['-nodes', '-subj', '/CN=engine', '-keyout', key, '-out', certificate];
  await runProgram('openssl', ['req', '-x509', ...options, ...files]);
  const shown = new X509Certificate(await readFile(certificate));
  expect(certificateHash(shown)).toEqual(hash && createHash(hash).update(shown.raw).digest());
});
