/** Addresses of media: signed with a key of this start, good for a short time, worthless to other sessions. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** An output by its place from 0, or a reference by its place after an `r`. */
export interface MediumName {
  jobId: string;
  place: string;
  form: 'whole' | 'small';
}

export interface SignedAddresses {
  sign(name: MediumName, sessionId: string): string;
  /** What a path names; undefined when it is malformed, altered, too old, or another session's. */
  verify(url: URL, sessionId: string): MediumName | undefined;
}

/** Addresses change only this often, so that the browser's cache knows them again. They are good for between one and two of these. */
const stepSeconds = 1800;

const pattern = /^\/media\/([0-9a-f-]{36})\/(r?\d{1,3})$/;

export function createSignedAddresses(now: () => number = Date.now): SignedAddresses {
  const key = randomBytes(32);
  const signature = ({ jobId, place, form }: MediumName, until: number, sessionId: string) =>
    createHmac('sha256', key).update([jobId, place, form, until, sessionId].join(' ')).digest();

  return {
    sign(name, sessionId) {
      const until = (Math.floor(now() / 1000 / stepSeconds) + 2) * stepSeconds;
      const query = new URLSearchParams({
        until: String(until),
        form: name.form,
        sig: signature(name, until, sessionId).toString('base64url'),
      });
      return `/media/${name.jobId}/${name.place}?${query}`;
    },
    verify(url, sessionId) {
      const [, jobId, place] = pattern.exec(url.pathname) ?? [];
      const form = url.searchParams.get('form');
      const until = Number(url.searchParams.get('until'));
      if (!jobId || !place || (form !== 'whole' && form !== 'small') || !Number.isInteger(until))
        return undefined;
      const given = Buffer.from(url.searchParams.get('sig') ?? '', 'base64url');
      const wanted = signature({ jobId, place, form }, until, sessionId);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
      return until * 1000 > now() ? { jobId, place, form } : undefined;
    },
  };
}
