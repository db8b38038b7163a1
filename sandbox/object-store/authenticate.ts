/** Decides who sends a request: reads its signature (version 1 or 4, header or URL) and checks every part of it. */
import type { CredentialLookup, CredentialProblem, CredentialRegistry } from '../credentials.js';
import { Refusal } from './refusal.js';
import { header, type StoreRequest } from './request.js';
import { signV1, stringToSignV1 } from './signature-v1.js';
import {
  algorithmV4,
  type CredentialScope,
  canonicalRequestV4,
  readCredentialScope,
  signV4,
  stringToSignV4,
} from './signature-v4.js';

export type Principal = Extract<CredentialLookup, { problem?: undefined }>;

export interface AuthenticationSettings {
  credentials: CredentialRegistry;
  /** The region a version 4 signature must name for this request; undefined: any well-formed one. */
  signingRegion: string | undefined;
}

const skewMs = 15 * 60_000;
const longestUrlSeconds = 7 * 24 * 3600;
const regionForm = /^[a-z]{2,}(-[a-z0-9]+)+$/;

const problems: Record<CredentialProblem, () => Refusal> = {
  'unknown-key': () => new Refusal('InvalidAccessKeyId'),
  'token-missing': () => new Refusal('InvalidAccessKeyId', { ec: '0002-00000002' }),
  'token-mismatch': () => new Refusal('InvalidSecurityToken'),
  'token-expired': () => new Refusal('SecurityTokenExpired'),
};

/** Returns who signed the request, or throws the Refusal that OSS answers. */
export function authenticate(request: StoreRequest, settings: AuthenticationSettings): Principal {
  const authorization = header(request, 'authorization');
  const { query } = request;
  const isSignedUrl = query.has('Signature') || query.has('x-oss-signature');
  if (authorization !== '' && isSignedUrl) {
    throw invalid(
      'Only one auth mechanism allowed; only the Authorization header or the query may be signed.',
    );
  }
  if (authorization.startsWith('OSS ')) return headerV1(request, settings, authorization.slice(4));
  if (authorization.startsWith(`${algorithmV4} `)) return headerV4(request, settings, authorization);
  if (authorization !== '')
    throw invalid('Authorization header is invalid.', { Authorization: 'unknown scheme' });
  if (query.has('x-oss-signature')) return urlV4(request, settings);
  if (query.has('Signature')) return urlV1(request, settings);
  throw new Refusal('AccessDenied', {
    message: 'You have no right to access this object because of bucket acl.',
    ec: '0003-00000001',
  });
}

function headerV1(request: StoreRequest, settings: AuthenticationSettings, value: string): Principal {
  const [, accessKeyId = '', signature = ''] = /^([^:]+):(.+)$/.exec(value.trim()) ?? [];
  if (accessKeyId === '') throw invalid('Authorization header is invalid.');
  const date = header(request, 'x-oss-date') || header(request, 'date');
  const dateMs = Date.parse(date);
  if (Number.isNaN(dateMs)) {
    throw new Refusal('AccessDenied', { message: 'OSS authentication requires a valid Date.' });
  }
  const principal = findPrincipal(settings, accessKeyId, header(request, 'x-oss-security-token'));
  checkSkew(dateMs);
  return checkV1(request, principal, date, signature);
}

function urlV1(request: StoreRequest, settings: AuthenticationSettings): Principal {
  const { query } = request;
  const accessKeyId = query.get('OSSAccessKeyId');
  const expires = query.get('Expires') ?? '';
  if (!accessKeyId || !/^\d{1,12}$/.test(expires)) {
    throw new Refusal('AccessDenied', {
      message: 'Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters',
    });
  }
  const principal = findPrincipal(settings, accessKeyId, query.get('security-token'));
  checkExpiry(Number(expires) * 1000);
  return checkV1(request, principal, expires, query.get('Signature') ?? '');
}

function checkV1(request: StoreRequest, principal: Principal, date: string, signature: string): Principal {
  const stringToSign = stringToSignV1(request, date);
  if (signV1(principal.key.accessKeySecret, stringToSign) !== signature) {
    throw signatureRefusal(principal, signature, stringToSign);
  }
  return principal;
}

function headerV4(request: StoreRequest, settings: AuthenticationSettings, authorization: string): Principal {
  const fields = new Map<string, string>();
  for (const field of authorization.slice(algorithmV4.length).split(',')) {
    const equals = field.indexOf('=');
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  if (header(request, 'x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    throw invalid('The x-oss-content-sha256 header must be UNSIGNED-PAYLOAD.');
  }
  const date = header(request, 'x-oss-date');
  const scope = checkScope(fields.get('Credential') ?? '', date, settings, 'Authorization header');
  const principal = findPrincipal(settings, scope.accessKeyId, header(request, 'x-oss-security-token'));
  checkSkew(isoDateMs(date));
  const additional = readAdditionalHeaders(request, fields.get('AdditionalHeaders') ?? '');
  return checkV4(request, principal, { scope, date, additional, signature: fields.get('Signature') ?? '' });
}

function urlV4(request: StoreRequest, settings: AuthenticationSettings): Principal {
  const { query } = request;
  if (query.get('x-oss-signature-version') !== algorithmV4)
    throw invalid('Invalid signature version in query.');
  const expires = query.get('x-oss-expires') ?? '';
  if (!/^\d{1,7}$/.test(expires) || Number(expires) < 1 || Number(expires) > longestUrlSeconds) {
    throw invalid('Invalid expires in query: 1 to 604800 seconds.', undefined, '0002-00000232');
  }
  const date = query.get('x-oss-date') ?? '';
  const scope = checkScope(query.get('x-oss-credential') ?? '', date, settings, 'query');
  const principal = findPrincipal(settings, scope.accessKeyId, query.get('x-oss-security-token'));
  const startMs = isoDateMs(date);
  if (startMs > Date.now() + skewMs) {
    throw new Refusal('AccessDenied', { message: 'Request is not valid yet.' });
  }
  checkExpiry(startMs + Number(expires) * 1000);
  const additional = readAdditionalHeaders(request, query.get('x-oss-additional-headers') ?? '');
  return checkV4(request, principal, {
    scope,
    date,
    additional,
    signature: query.get('x-oss-signature') ?? '',
  });
}

interface SignedV4 {
  scope: CredentialScope;
  date: string;
  additional: string[];
  signature: string;
}

function checkV4(request: StoreRequest, principal: Principal, signed: SignedV4): Principal {
  const canonicalRequest = canonicalRequestV4(request, signed.additional);
  const stringToSign = stringToSignV4(canonicalRequest, signed.scope, signed.date);
  if (signV4(principal.key.accessKeySecret, signed.scope, stringToSign) !== signed.signature) {
    throw signatureRefusal(principal, signed.signature, stringToSign, canonicalRequest);
  }
  return principal;
}

function checkScope(
  text: string,
  date: string,
  settings: AuthenticationSettings,
  where: string,
): CredentialScope {
  const scope = readCredentialScope(text);
  if (scope?.terminator !== 'aliyun_v4_request') throw invalid(`Invalid credential in ${where}.`);
  if (Number.isNaN(isoDateMs(date)) || date.slice(0, 8) !== scope.day) {
    throw invalid(`Invalid signing date in ${where}.`);
  }
  const isRegion = settings.signingRegion
    ? scope.region === settings.signingRegion
    : regionForm.test(scope.region);
  if (!isRegion) {
    const fields = { Region: scope.region };
    throw invalid(`Invalid signing region in ${where}.`, fields, '0002-00000226');
  }
  if (scope.product !== 'oss')
    throw invalid(`Invalid signing product in ${where}.`, undefined, '0002-00000227');
  return scope;
}

function findPrincipal(
  settings: AuthenticationSettings,
  accessKeyId: string,
  token: string | undefined,
): Principal {
  const lookup = settings.credentials.find(accessKeyId, token === '' ? undefined : token);
  if (lookup.problem) throw problems[lookup.problem]();
  return lookup;
}

function readAdditionalHeaders(request: StoreRequest, text: string): string[] {
  const names = text === '' ? [] : text.split(';');
  const missing = names.find((name) => request.incoming.headers[name] === undefined);
  if (missing !== undefined) throw invalid(`Additional header ${missing} is not in the request.`);
  return names;
}

function checkSkew(dateMs: number): void {
  const nowMs = Date.now();
  if (Math.abs(nowMs - dateMs) <= skewMs) return;
  throw new Refusal('RequestTimeTooSkewed', {
    fields: {
      MaxAllowedSkewMilliseconds: String(skewMs),
      RequestTime: new Date(dateMs).toISOString(),
      ServerTime: new Date(nowMs).toISOString(),
    },
  });
}

function checkExpiry(expiresMs: number): void {
  const nowMs = Date.now();
  if (nowMs <= expiresMs) return;
  throw new Refusal('AccessDenied', {
    message: 'Request has expired.',
    ec: '0002-00000069',
    fields: { Expires: new Date(expiresMs).toISOString(), ServerTime: new Date(nowMs).toISOString() },
  });
}

/** Milliseconds of yyyymmddThhmmssZ, NaN when malformed. */
function isoDateMs(date: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) return Number.NaN;
  const [, year, month, day, hour, minute, second] = match;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function invalid(message: string, fields?: Record<string, string>, ec?: string): Refusal {
  return new Refusal('InvalidArgument', { message, fields, ec });
}

function signatureRefusal(
  principal: Principal,
  signature: string,
  stringToSign: string,
  canonicalRequest?: string,
): Refusal {
  const bytes = [...Buffer.from(stringToSign)].map((byte) =>
    byte.toString(16).toUpperCase().padStart(2, '0'),
  );
  return new Refusal('SignatureDoesNotMatch', {
    fields: {
      OSSAccessKeyId: principal.key.accessKeyId,
      SignatureProvided: signature,
      StringToSign: stringToSign,
      StringToSignBytes: bytes.join(' '),
      ...(canonicalRequest === undefined ? {} : { CanonicalRequest: canonicalRequest }),
    },
  });
}
