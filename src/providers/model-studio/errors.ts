/**
 * Model Studio's errors: a table from its codes to what kind of error it is, whether the same request may be sent again, and a hint.
 * Codes: the provider's error page, https://www.alibabacloud.com/help/en/model-studio/error-code
 */
import type { ErrorKind } from '../../errors.js';
import { type Json, textOf } from '../../json.js';
import { ProviderFailure, type Repeat } from '../provider.js';
import { isNeverConnected } from './never-connected.js';

interface Rule {
  /** The code or the beginning of it up to a dot; compatible-mode spellings beside. */
  codes: string[];
  kind: ErrorKind;
  repeat: Repeat;
  hint?: string;
}

const refusedContent = 'The provider’s content check refused it; change the prompt or the media.';
const keyHint =
  'Check the API key and that key, region (DASHSCOPE_HTTP_BASE_URL) and model belong together; `hologen check` tells.';
const rightsHint = 'Enable the model for this account in the Model Studio console.';
const billHint = 'Settle the account’s bill in the Alibaba Cloud console.';
const mediaHint =
  'The provider could not read the media; see the model’s limits on format, size and duration.';

/** Looked through in order; the first rule with the longest matching code wins; a code that is `placed` goes by its last known word. */
const rules: Rule[] = [
  {
    codes: ['DataInspectionFailed', 'data_inspection_failed'],
    kind: 'contentRefused',
    repeat: 'no',
    hint: refusedContent,
  },
  {
    codes: ['IPInfringementSuspect', 'CustomRoleBlocked', 'FaqRuleBlocked'],
    kind: 'contentRefused',
    repeat: 'no',
    hint: refusedContent,
  },
  {
    codes: ['InvalidParameter.DataInspection', 'InvalidURL.Timeout'],
    kind: 'undefinedFile',
    repeat: 'once',
    hint: mediaHint,
  },
  {
    codes: ['InvalidURL', 'BadRequest.InputDownloadFailed'],
    kind: 'undefinedFile',
    repeat: 'no',
    hint: mediaHint,
  },
  {
    codes: ['FILE_403_FORBIDDEN', 'FILE_404_NOT_FOUND', 'FILE_DOWNLOAD_FAILED'],
    kind: 'undefinedFile',
    repeat: 'no',
    hint: mediaHint,
  },
  {
    codes: [
      'FILE_TOO_LARGE',
      'FILE_CHECK_FAILED',
      'AUDIO_DURATION_TOO_LONG',
      'DECODE_ERROR',
      'FILE_PARSE_FAILED',
      'FILE_NORMALIZE_FAILED',
      'MKV_PARSE_FAILED',
      'CONTENT_LENGTH_CHECK_FAILED',
      'REQUEST_INVALID_FILE_URL_VALUE',
      'NO_VALID_AUDIO_ERROR',
      'NO_INPUT_AUDIO_ERROR',
      'Audio',
      'InvalidImage',
      'InvalidImageResolution',
      'InvalidImageFormat',
      'InvalidFile',
      'InvalidPerson',
      'InvalidInputLength',
    ],
    kind: 'invalidParameterValue',
    repeat: 'no',
    hint: mediaHint,
  },
  {
    codes: [
      'InvalidParameter',
      'BadRequest',
      'UnsupportedOperation',
      'invalid_parameter_error',
      'invalid_request_error',
    ],
    kind: 'invalidParameterValue',
    repeat: 'no',
  },
  {
    codes: ['InvalidApiKey', 'invalid_api_key', 'NOT AUTHORIZED', 'invalid access token'],
    kind: 'providerAuthorization',
    repeat: 'no',
    hint: keyHint,
  },
  {
    codes: ['AccessDenied', 'Model.AccessDenied', 'Workspace.AccessDenied', 'App.AccessDenied'],
    kind: 'providerAuthorization',
    repeat: 'no',
    hint: rightsHint,
  },
  {
    codes: ['Arrearage', 'CommodityNotPurchased', 'PrepaidBillOverdue', 'PostpaidBillOverdue'],
    kind: 'providerAuthorization',
    repeat: 'no',
    hint: billHint,
  },
  {
    codes: ['AllocationQuota.FreeTierOnly'],
    kind: 'providerQuota',
    repeat: 'no',
    hint: 'The free quota is used up and the account allows nothing else; change that in the console.',
  },
  {
    codes: ['ModelNotFound', 'model_not_found', 'model_not_supported', 'WorkSpaceNotFound', 'NotFound'],
    kind: 'undefinedObject',
    repeat: 'no',
    hint: 'The model type is unknown to the provider in this region; see hologen.supported_models.',
  },
  {
    codes: ['Throttling.AllocationQuota', 'insufficient_quota'],
    kind: 'providerQuota',
    // Tokens come back within a minute, a free quota that is used up never does.
    repeat: 'again',
    hint: 'The account’s quota is used up; see the quotas in the Model Studio console.',
  },
  {
    codes: ['Throttling', 'LimitRequests', 'limit_requests', 'limit_burst_rate'],
    kind: 'providerQuota',
    repeat: 'wait',
  },
  {
    codes: ['RewriteFailed'],
    kind: 'providerFailure',
    repeat: 'again',
    hint: "Set parameters.prompt_extend to false to do without the provider's prompt writer.",
  },
  {
    codes: [
      'RequestTimeOut',
      'ResponseTimeout',
      'InternalError',
      'internal_error',
      'SystemError',
      'FILE_SERVER_ERROR',
      'ModelServiceFailed',
      'ModelServingError',
      'ModelUnavailable',
    ],
    kind: 'providerFailure',
    repeat: 'again',
  },
];

const byStatus: Record<number, Rule> = {
  401: { codes: [], kind: 'providerAuthorization', repeat: 'no', hint: keyHint },
  403: { codes: [], kind: 'providerAuthorization', repeat: 'no', hint: rightsHint },
  404: { codes: [], kind: 'undefinedObject', repeat: 'no' },
  429: { codes: [], kind: 'providerQuota', repeat: 'wait' },
};

/** An error reply. Both forms of body are read: {code, message} and compatible mode's {error: {code, message}}. */
export function providerError(
  status: number,
  body: Json,
  requestId: string,
  retryAfter?: string | string[],
): ProviderFailure {
  const inner = (typeof body.error === 'object' && body.error !== null ? body.error : body) as Json;
  const code = textOf(inner.code) ?? textOf(inner.type) ?? `HTTP ${status}`;
  const message = textOf(inner.message) ?? 'no message';
  const what = status >= 500 ? 'Model Studio failed' : 'Model Studio refused the call';
  const seconds = Number(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter);
  return new ProviderFailure({
    code,
    message: `${what}: ${code}: ${message}`,
    ...meaningOf(ruleFor(code, status)),
    requestId,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined,
  });
}

/**
 * A task that failed, which comes with HTTP status 200: an unknown code is told by how it begins. The same request may be sent again only by who
 * asked for it: it was tried.
 */
export function failedTask(code: string, message: string, requestId: string): ProviderFailure {
  const status = ofInput.test(code) ? 400 : 500;
  return new ProviderFailure({ code, message, ...meaningOf(ruleFor(code, status)), requestId });
}

const ofInput = /^(Invalid|FILE_)/;

function meaningOf({ kind, repeat, hint }: Rule): Pick<Rule, 'kind' | 'repeat' | 'hint'> {
  return { kind, repeat, hint };
}

/** The rule of a code; undefined: it is none of the provider's. */
function matching(code: string): Rule | undefined {
  if (!code.startsWith(placed)) return beginning(code);
  const words = code.split('.');
  const endings = words.map((_word, index) => words.slice(index).join('.')).reverse();
  return endings.map(beginning).find((rule) => rule !== undefined);
}

/** Codes that begin so tell where it happened first, and what at their end: InternalError.Algo.DataInspectionFailed. */
const placed = 'InternalError.';

/** The rule whose code is the longest beginning of this one. */
function beginning(code: string): Rule | undefined {
  let best: { rule: Rule; length: number } | undefined;
  for (const rule of rules) {
    for (const known of rule.codes) {
      if (code !== known && !code.startsWith(`${known}.`)) continue;
      if (!best || known.length > best.length) best = { rule, length: known.length };
    }
  }
  return best?.rule;
}

function ruleFor(code: string, status: number): Rule {
  return (
    matching(code) ??
    byStatus[status] ?? {
      codes: [],
      kind: status >= 500 ? 'providerFailure' : 'invalidParameterValue',
      repeat: status >= 500 ? 'again' : 'no',
    }
  );
}

/**
 * Whether a submit was surely not taken where an answer has this status, whoever between us and the provider says it. 408, 499: somebody on the
 * way did not wait for the answer any longer.
 */
function saysNotTaken(status: number, text: string): boolean {
  if (status === 503) return !brokeOff.test(text) || neverBegan.test(text);
  return status >= 400 && status < 500 && status !== 408 && status !== 499;
}

/** Envoy, which stands before Model Studio, says 503 of a connection that it had, too, and that broke after the request was sent. */
const brokeOff = /upstream connect error or disconnect\/reset before headers/i;
const neverBegan =
  /before headers\. reset reason: (?:(?:remote |local )?connection (?:failure|timeout)|overflow)/i;

/**
 * Whether a submit's answer of this code and status is to be believed. Somebody on the way speaks JSON with codes too (GatewayTimeout, say): where
 * the status leaves open what became of the request, only a code that is the provider's own tells.
 */
export function isClear(status: number, code: string | undefined, text: string): boolean {
  if (code === undefined) return status < 300 || status === 429;
  return status < 300 || saysNotTaken(status, text) || matching(code) !== undefined;
}

/**
 * An answer that is not the provider's JSON: a proxy's page, say. Whether it took a submit cannot be known then, unless the status tells.
 */
export function unreadableAnswer(
  status: number,
  text: string,
  submit: boolean,
  requestId: string,
  retryAfter?: string | string[],
): ProviderFailure {
  const start = text.replace(/\s+/g, ' ').trim().slice(0, 100);
  const isRefusal = submit ? saysNotTaken(status, text) : (status >= 400 && status < 500) || status === 503;
  if (isRefusal) return providerError(status, { message: start }, requestId, retryAfter);
  return new ProviderFailure({
    code: `HTTP ${status}`,
    message: `Model Studio's answer cannot be read (HTTP ${status}, ${JSON.stringify(start)})${submit ? notSentAgain : ''}`,
    kind: submit ? 'connectionFailure' : 'providerFailure',
    repeat: submit ? 'no' : 'again',
    mayBeTaken: submit,
    hint: submit ? lookHint : 'Check DASHSCOPE_HTTP_BASE_URL and the proxies on the way.',
    requestId,
  });
}

const notSentAgain = '; the call may have been taken and billed, so it was not sent again';
const lookHint = 'hologen.jobs has the call; look for it in the Model Studio console before repeating it.';

/** A call that was sent and whose answer nobody will ever read. */
export function unansweredCall(message: string, cause?: unknown): ProviderFailure {
  return new ProviderFailure({
    ...{ kind: 'connectionFailure', code: 'Unanswered', message, hint: lookHint, repeat: 'no' },
    ...{ mayBeTaken: true, requestId: '', cause },
  });
}

/** What undici refuses before anything is sent: a header that cannot be, a method, an address. The mistake is ours, and stays one. */
const neverMade = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** No answer came. Where the request surely never left, it may be sent again; else a submit may have been taken and billed. */
export function noAnswer(cause: unknown, submit: boolean): ProviderFailure {
  const system = (cause as NodeJS.ErrnoException).code ?? (cause as Error).name;
  if (neverMade.has(system))
    return new ProviderFailure({
      ...{ kind: 'internalError', code: 'NotMade', repeat: 'no', requestId: '', cause },
      message: `the request to Model Studio could not be made (${system}: ${(cause as Error).message})`,
      hint: 'Register the model again, with the API key copied anew; if that does not help, report it.',
    });
  // Ours is being closed: then nothing new goes over it.
  const isNeverSent = isNeverConnected(cause) || system === 'UND_ERR_CLOSED';
  if (submit && !isNeverSent)
    return unansweredCall(`Model Studio did not answer (${system})${notSentAgain}`, cause);
  return new ProviderFailure({
    code: 'Unreachable',
    message: `Model Studio cannot be reached (${system})`,
    kind: 'connectionFailure',
    repeat: 'again',
    hint: 'Check the network and DASHSCOPE_HTTP_BASE_URL.',
    requestId: '',
    cause,
  });
}
