/** How the sandbox says no: HTTP status, error code and text of Model Studio's public error table. */

/** A refused request; `code` may be empty only for a task that fails without saying why. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

const refusalOf = (status: number, code: string) => (message: string) => new Refusal(status, code, message);

/** One constructor per documented code, so that a code has one status everywhere. */
export const refusal = {
  invalidParameter: refusalOf(400, 'InvalidParameter'),
  emptyModel: refusalOf(400, 'BadRequest.EmptyModel'),
  emptyInput: refusalOf(400, 'BadRequest.EmptyInput'),
  illegalInput: refusalOf(400, 'BadRequest.IllegalInput'),
  tooLarge: refusalOf(400, 'BadRequest.TooLarge'),
  inputDownloadFailed: refusalOf(400, 'BadRequest.InputDownloadFailed'),
  invalidUrl: refusalOf(400, 'InvalidURL'),
  urlConnectionRefused: refusalOf(400, 'InvalidURL.ConnectionRefused'),
  urlTimeout: refusalOf(400, 'InvalidURL.Timeout'),
  imageFormat: refusalOf(400, 'InvalidImage.FileFormat'),
  imageSize: refusalOf(400, 'InvalidImage.ImageSize'),
  fileFormat: refusalOf(400, 'InvalidFile.Format'),
  fileResolution: refusalOf(400, 'InvalidFile.Resolution'),
  fileSize: refusalOf(400, 'InvalidFile.Size'),
  fileDuration: refusalOf(400, 'InvalidFile.Duration'),
  dataInspectionFailed: refusalOf(400, 'DataInspectionFailed'),
  unsupportedOperation: refusalOf(400, 'UnsupportedOperation'),
  invalidApiKey: refusalOf(401, 'InvalidApiKey'),
  accessDenied: refusalOf(403, 'AccessDenied'),
  modelNotFound: refusalOf(404, 'ModelNotFound'),
  rateQuota: refusalOf(429, 'Throttling.RateQuota'),
  internalError: refusalOf(500, 'InternalError'),
  internalErrorAlgo: refusalOf(500, 'InternalError.Algo'),
};

/** The text for a path that does not exist or does not belong to the model. */
export const urlError = () => refusal.invalidParameter('url error, please check url!');
