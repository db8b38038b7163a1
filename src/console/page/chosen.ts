/** What the visitor looks at and has chosen in the gallery: kept while other pages are open. */
import { signal } from '@preact/signals';
import type { JobCard } from '../server/answers.js';

/** The jobs that the gallery shows, in its order: ← and → go along them. */
export const shown = signal<string[]>([]);

/** By job. */
export const chosen = signal<ReadonlyMap<string, JobCard>>(new Map());

export function choose(job: JobCard, wanted: boolean): void {
  const next = new Map(chosen.value);
  if (wanted) next.set(job.id, job);
  else next.delete(job.id);
  chosen.value = next;
}

export function chooseNone(): void {
  chosen.value = new Map();
}
