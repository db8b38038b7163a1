/** Files onto the visitor's disk: one, or many as a ZIP that is made in the browser, under the names they have in the store. */
import { downloadZip } from 'client-zip';
import type { JobCard, Medium } from '../server/answers.js';

/** What file systems do not take in a name, though a store does: `..\\..\\x` in a ZIP leads out of the folder that Windows unpacks it into. */
const unfit = /[\\:*?"<>|]/g;

/** As in the store, as far as a disk takes that; what was not saved is named after its job. */
export function fileName(job: Pick<JobCard, 'id' | 'media'>, medium: Medium): string {
  const name = medium.ossPath?.split('/').at(-1);
  if (name) return name.replace(unfit, '_');
  const index = job.media.length > 1 ? `-${job.media.indexOf(medium) + 1}` : '';
  return `${job.id}${index}.${medium.kind === 'video' ? 'mp4' : 'png'}`;
}

/** Resolves with how many files were gone. */
export async function saveAsZip(
  jobs: JobCard[],
  told: (done: number, count: number) => void,
): Promise<number> {
  const files = jobs.flatMap((job) => job.media.map((medium) => ({ job, medium })));
  const names = new Set<string>();
  let done = 0;
  let gone = 0;
  async function* parts() {
    for (const { job, medium } of files) {
      const input = await fetch(medium.address, { credentials: 'same-origin' });
      told(++done, files.length);
      if (input.ok) yield { name: unique(fileName(job, medium), names), input };
      else gone += 1;
    }
  }
  saveBlob('hologen.zip', await downloadZip(parts()).blob());
  return gone;
}

/** With a byte order mark: without it Excel takes Chinese names for the letters of another encoding. */
export function saveTable(name: string, text: string): void {
  saveBlob(name, new Blob(['\uFEFF', text], { type: 'text/csv;charset=utf-8' }));
}

/** Also where a disk does not tell `A.png` from `a.png`. */
function unique(name: string, names: Set<string>): string {
  let free = name;
  for (let count = 2; names.has(free.toLowerCase()); count += 1)
    free = name.replace(/(\.\w+)?$/, ` (${count})$1`);
  names.add(free.toLowerCase());
  return free;
}

function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Not before the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
