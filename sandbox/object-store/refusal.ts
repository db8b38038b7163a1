/** The object store's error answers: the table of codes and the XML that carries one. */
import { xmlDocument } from './xml.js';

interface RefusalKind {
  status: number;
  message: string;
  /** Finer code of the service, sent as EC and `x-oss-ec` where it is known. */
  ec?: string;
}

/** https://www.alibabacloud.com/help/en/oss/support/error-codes-overview */
const kinds = {
  AccessDenied: { status: 403, message: 'You have no right to access this object.' },
  BucketNotEmpty: { status: 409, message: 'The bucket you tried to delete is not empty.' },
  EntityTooLarge: { status: 400, message: 'Your proposed upload exceeds the maximum allowed size.' },
  EntityTooSmall: { status: 400, message: 'Your proposed upload smaller than the minimum allowed size.' },
  FileAlreadyExists: {
    status: 409,
    message: 'The object you specified already exists and can not be overwritten.',
    ec: '0026-00000011',
  },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again.' },
  InvalidAccessKeyId: {
    status: 403,
    message: 'The OSS Access Key Id you provided does not exist in our records.',
    ec: '0002-00000902',
  },
  InvalidArgument: { status: 400, message: 'Invalid Argument' },
  InvalidBucketName: { status: 400, message: 'The specified bucket is not valid.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 you specified was invalid.' },
  InvalidObjectName: { status: 400, message: 'The specified object is not valid.' },
  InvalidObjectState: { status: 403, message: "The operation is not valid for the object's state" },
  InvalidPart: {
    status: 400,
    message:
      "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
  },
  InvalidPartOrder: {
    status: 400,
    message:
      'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
  },
  InvalidRange: { status: 416, message: 'The requested range cannot be satisfied' },
  InvalidSecurityToken: {
    status: 403,
    message: 'The security token you provided is invalid.',
    ec: '0002-00000004',
  },
  InvalidURI: { status: 400, message: "Couldn't parse the specified URI." },
  MalformedXML: {
    status: 400,
    message: 'The XML you provided was not well-formed or did not validate against our published schema',
  },
  MissingContentLength: { status: 411, message: 'You must provide the Content-Length HTTP header.' },
  NoSuchBucket: { status: 404, message: 'The specified bucket does not exist.', ec: '0015-00000101' },
  NoSuchKey: { status: 404, message: 'The specified key does not exist.', ec: '0026-00000001' },
  NoSuchUpload: {
    status: 404,
    message:
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    ec: '0042-00000002',
  },
  NotImplemented: {
    status: 501,
    message: 'A header or query you provided implies functionality that is not implemented.',
  },
  PreconditionFailed: {
    status: 412,
    message: 'At least one of the pre-conditions you specified did not hold.',
  },
  RequestTimeTooSkewed: {
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
    ec: '0002-00000504',
  },
  SecondLevelDomainForbidden: {
    status: 403,
    message: 'Please use virtual hosted style to access.',
    ec: '0003-00001403',
  },
  SecurityTokenExpired: {
    status: 403,
    message: 'The security token you provided has expired.',
    ec: '0002-00000007',
  },
  ServiceUnavailable: { status: 503, message: 'Please reduce your request rate.' },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    ec: '0002-00000040',
  },
} satisfies Record<string, RefusalKind>;

export type RefusalCode = keyof typeof kinds;

/** What OSS refuses with, and the sandbox has no reason of its own to. */
export interface OtherRefusal {
  status: number;
  code: string;
  message: string;
}

export interface RefusalDetails {
  message?: string;
  ec?: string;
  /** Further elements of the error document, e.g. BucketName. */
  fields?: Record<string, string>;
}

/** An error answer on its way to the client of the object store. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly ec: string | undefined;
  readonly fields: Record<string, string>;

  constructor(code: RefusalCode | OtherRefusal, details: RefusalDetails = {}) {
    const kind: RefusalKind = typeof code === 'object' ? code : kinds[code];
    super(details.message ?? kind.message);
    this.name = 'Refusal';
    this.code = typeof code === 'object' ? code.code : code;
    this.status = kind.status;
    // A message of its own is another case of the same code, so the code's usual EC would be wrong.
    this.ec = details.ec ?? (details.message === undefined ? kind.ec : undefined);
    this.fields = details.fields ?? {};
  }
}

/** The error document: Code, Message, RequestId, HostId, then what is particular to the code, then EC. */
export function refusalXml(refusal: Refusal, requestId: string, hostId: string): string {
  return xmlDocument('Error', {
    Code: refusal.code,
    Message: refusal.message,
    RequestId: requestId,
    HostId: hostId,
    ...refusal.fields,
    EC: refusal.ec,
  });
}
