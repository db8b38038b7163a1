/** What one check of `hologen check` is, and how its outcome is told. */

export interface Check {
  name: string;
  /** Rejects with what is wrong; `detail` and `hint` of the error are shown. A text says what works but is worth knowing. */
  run(signal: AbortSignal): Promise<string | undefined>;
  /** Worth asking only when this one did not fail. */
  next?: Check[];
}

const timeoutMs = 60_000;

/** An error that says how to mend it. */
export function misconfigured(message: string, hint: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { hint });
}

/** Runs one after another and prints a line each, `ok`, `note` or `failed`. True when none failed. */
export async function report(checks: Check[]): Promise<boolean> {
  let allWell = true;
  for (const { name, run, next = [] } of checks) {
    try {
      const remark = await run(AbortSignal.timeout(timeoutMs));
      console.log(remark ? `note    ${name}: ${remark}` : `ok      ${name}`);
      allWell = (await report(next)) && allWell;
    } catch (error) {
      allWell = false;
      // Errors of the engine and our own often say how to mend them.
      const { message, detail, hint } = error as Error & { detail?: string; hint?: string };
      console.log([`failed  ${name}: ${message}`, detail, hint].filter(Boolean).join('\n        '));
    }
  }
  return allWell;
}
