/** What a call keeps once it has its result: it stands in its statement until that is over, and thousands may stand there. */
import type { CheckedRequest } from '../providers/provider.js';
import type { StatementCall } from './statement.js';

/** To be told when its end is in the ledger; `outcome` settles with it. One that failed may have to be made in another way. */
export function keepLittle(call: StatementCall, outcome: Promise<string>): void {
  const { course, checked } = call;
  if (course.call.state !== 'ended' || course.call.error !== undefined) return;
  const { model, provider, file, requestText, image, fallback, request } = checked;
  // Written out, as in callOf.
  call.checked = { model, provider, file, requestText, image, fallback, request: withoutBody(request) };
  course.checked = call.checked;
  course.phases = none;
  course.turned = undefined;
  call.storageChecked = done;
  // Whoever waits from now on hears the end at once.
  call.outcome = outcome;
  call.underWay = undefined;
}

const done = Promise.resolve();
const none: never[] = [];

/** A driver's own request holds all that is sent. */
function withoutBody(request: CheckedRequest): CheckedRequest {
  const { scenario, makes, media, output, fileName, label, notes, followed, estimate } = request;
  return { scenario, makes, media, output, fileName, label, notes, followed, estimate };
}
