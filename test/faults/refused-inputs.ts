/** Films whose picture the provider cannot read: it refuses the submit, or takes the task and then fails it, and bills neither. What signed addresses it was sent. */
import type { Chaos } from './chaos.js';

/** Of model-studio's error table: what it says when it cannot fetch what an address is to give. All come with HTTP 400, or in a failed task. */
const reasons = [
  { code: 'InvalidParameter.DataInspection', message: 'Unable to download the media resource.' },
  { code: 'InvalidURL', message: 'The request URL is invalid.' },
  { code: 'InvalidURL.ConnectionRefused', message: 'Connection refused by the host.' },
  { code: 'InvalidURL.Timeout', message: 'Download the media resource timed out.' },
  { code: 'BadRequest.InputDownloadFailed', message: 'Failed to download the input file.' },
  { code: 'InvalidParameter', message: 'url error, please check url!' },
];
type Reason = (typeof reasons)[number];

interface Signing {
  signedAt: number;
  receivedAt: number;
}

export type RefusedInputs = ReturnType<typeof createRefusedInputs>;

export function createRefusedInputs(chaos: Chaos) {
  const told = new Map<string, Reason>();
  const signings = new Map<string, Signing[]>();
  return {
    /** Notes a submit's address. `refused`: it is answered so. `body`: it is taken so, and `reason` is what becomes of its task. */
    atSubmit(word: string, body: Buffer): { refused?: Reason; body?: Buffer; reason?: Reason } {
      const text = body.toString();
      noteSigning(word, text, signings);
      if (!text.includes('"img_url"')) return {};
      const drawn = chaos.strikes('film input', word);
      if (drawn === undefined) return {};
      const number = Math.floor(drawn * 2 * reasons.length);
      const reason = reasons[number % reasons.length] as Reason;
      const isTaken = number < reasons.length;
      chaos.note(`film input ${isTaken ? 'taken' : 'refused'} ${reason.code}`);
      if (!isTaken) return { refused: reason };
      // The store refuses an address whose signature is another.
      return { body: Buffer.from(text.replace(/(signature=)[0-9a-f]{8}/i, '$100000000')), reason };
    },
    willFail(taskId: string | undefined, reason: Reason | undefined) {
      if (taskId && reason) told.set(taskId, reason);
    },
    /** A look's answer with the reason that is drawn for its task. */
    inItsWords(bytes: Buffer): Buffer {
      const body = JSON.parse(bytes.toString());
      const reason = told.get(body.output?.task_id);
      if (!reason || body.output.task_status !== 'FAILED') return bytes;
      return Buffer.from(JSON.stringify({ ...body, output: { ...body.output, ...reason } }));
    },
    /** Submits whose media were signed before the one before them had come: with an address of that one. Undefined: none was signed. */
    signedEarlier(word: string): number | undefined {
      const own = signings.get(word);
      // Signatures count in seconds.
      return own?.filter(({ signedAt }, nth) => nth > 0 && signedAt + 1000 <= (own[nth - 1]?.receivedAt ?? 0))
        .length;
    },
  };
}

function noteSigning(word: string, body: string, signings: Map<string, Signing[]>): void {
  const [, day, hours, minutes, seconds] =
    /x-oss-date=(\d{8})T(\d\d)(\d\d)(\d\d)Z/.exec(body) ?? ([] as (string | undefined)[]);
  if (!day) return;
  const date = day.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
  const signedAt = Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
  signings.set(word, [...(signings.get(word) ?? []), { signedAt, receivedAt: Date.now() }]);
}
