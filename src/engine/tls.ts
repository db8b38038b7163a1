/** TLS towards the engine, from libpq's URL parameters: sslmode, sslrootcert, sslcert, sslkey, sslpassword, sslnegotiation. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { UsageError } from '../errors.js';

export interface EngineTls {
  /** False: without TLS if the engine has none (sslmode=prefer). */
  required: boolean;
  /** Start with the handshake, without an SSLRequest (sslnegotiation=direct, PostgreSQL 17 and later). */
  direct: boolean;
  /** Options for tls.connect besides socket and host. */
  options: ConnectionOptions;
}

const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];
const known = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'sslnegotiation'];
/** sslrootcert=system: the authorities that Node.js trusts, including NODE_EXTRA_CA_CERTS. */
const trustedByNode = 'system';

/**
 * Undefined: no TLS, as without sslmode. A UsageError names the parameter that is not supported, or the file that cannot be used.
 * @see https://www.postgresql.org/docs/current/libpq-ssl.html
 */
export function readEngineTls(parameters: URLSearchParams): EngineTls | undefined {
  const unknown = [...parameters.keys()].find((name) => name.startsWith('ssl') && !known.includes(name));
  // Ignoring a parameter, such as a list of revoked certificates, would make the connection less secure than intended.
  if (unknown) throw new UsageError(`the engine URL asks for ${unknown}; hologen knows ${known.join(', ')}`);
  const mode = parameters.get('sslmode') ?? 'disable';
  if (!modes.includes(mode))
    throw new UsageError(`sslmode of the engine URL must be ${modes.join(', ')}, not "${mode}"`);
  if (mode === 'disable') return undefined;
  const root = parameters.get('sslrootcert');
  checkTogether(mode, root, parameters);
  // As in libpq, "require" verifies the certificate if there is a root certificate.
  const verifies = mode.startsWith('verify-') || (mode === 'require' && root !== null);
  return {
    required: mode !== 'prefer',
    direct: parameters.get('sslnegotiation') === 'direct',
    options: {
      secureContext: secureContext(verifies ? root : null, parameters),
      rejectUnauthorized: verifies,
      ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    },
  };
}

function checkTogether(mode: string, root: string | null, parameters: URLSearchParams): void {
  const negotiation = parameters.get('sslnegotiation') ?? 'postgres';
  if (!['postgres', 'direct'].includes(negotiation))
    throw new UsageError(`sslnegotiation of the engine URL must be postgres or direct, not "${negotiation}"`);
  if (negotiation === 'direct' && mode === 'prefer')
    throw new UsageError('sslnegotiation=direct in the engine URL needs sslmode=require or better');
  if (mode.startsWith('verify-') && root === null)
    throw new UsageError(
      `sslmode=${mode} in the engine URL needs sslrootcert=FILE with the authority's certificate, or sslrootcert=system`,
    );
  // Public authorities issue certificates to anybody; only the name tells whose it is.
  if (root === trustedByNode && mode !== 'verify-full')
    throw new UsageError('sslrootcert=system in the engine URL needs sslmode=verify-full');
  if (parameters.has('sslcert') !== parameters.has('sslkey'))
    throw new UsageError('sslcert and sslkey in the engine URL belong together: one of them is missing');
}

function secureContext(root: string | null, parameters: URLSearchParams): ConnectionOptions['secureContext'] {
  const [cert, key] = ['sslcert', 'sslkey'].map((name) => readParameter(name, parameters.get(name)));
  const ca = root === trustedByNode ? undefined : readParameter('sslrootcert', root);
  try {
    // Node silently skips anything that is not a certificate, and would then trust nobody.
    if (ca) new X509Certificate(ca);
  } catch (error) {
    throw new UsageError(`sslrootcert=${root} holds no certificate (PEM): ${(error as Error).message}`);
  }
  try {
    return createSecureContext({ ca, cert, key, passphrase: parameters.get('sslpassword') ?? undefined });
  } catch (error) {
    throw new UsageError(
      `sslcert=${parameters.get('sslcert')} and sslkey=${parameters.get('sslkey')} cannot be used: ${(error as Error).message}`,
    );
  }
}

function readParameter(name: string, path: string | null): Buffer | undefined {
  if (path === null) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${name} of the engine URL cannot be read: ${(error as Error).message}`);
  }
}

/** Node's error for a certificate that is not trusted, with what to do about it; other errors are returned unchanged. */
export function explainTlsFailure(error: NodeJS.ErrnoException, host: string): Error {
  const { code = '', message } = error;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new Error(
      `the engine's certificate is not for ${host}: ${message}; name the host as the certificate does, or use sslmode=verify-ca`,
      { cause: error },
    );
  if (/SELF_SIGNED|UNABLE_TO|CERT_/.test(code))
    return new Error(
      `the engine's certificate is not believed: ${message} (${code}); sslrootcert must hold the certificate of its authority`,
      { cause: error },
    );
  return new Error(`TLS with the engine failed: ${message || code}`, { cause: error });
}
