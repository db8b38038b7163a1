/** The thread that rewrites long texts: it gets one at a time, and a mistake ends it. Started by long-texts.ts. */
import { parentPort } from 'node:worker_threads';
import { loadParser } from '../rewriter/parse.js';
import { type RewrittenText, rewriteText } from '../rewriter/rewrite.js';

/** What the thread says of a text. `grown`: its new text would be too much for the others. */
export interface ThreadAnswer {
  rewritten: RewrittenText | undefined;
  grown: boolean;
}

/** Reading the answer takes the event loop some 20 ms at these sizes. */
const longestAnswer = 8 * 1024 * 1024;
const mostStretches = 20_000;

function answerFor(text: string): ThreadAnswer {
  const rewritten = rewriteText(text);
  const grown =
    rewritten !== undefined &&
    (rewritten.text.length > longestAnswer || rewritten.stretches.length > mostStretches);
  return { rewritten: grown ? undefined : rewritten, grown };
}

await loadParser();
parentPort?.on('message', (text: string) => parentPort?.postMessage(answerFor(text)));
