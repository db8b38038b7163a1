/** Jobs, and those of one name at once: looking for a result must not cost more the more of others are kept. */
export interface NamedJobs {
  add(name: string, jobId: string): void;
  delete(jobId: string): void;
  has(jobId: string): boolean;
  of(name: string): Iterable<string>;
}

export function createNamedJobs(): NamedJobs {
  const names = new Map<string, string>();
  const jobs = new Map<string, Set<string>>();
  return {
    add(name, jobId) {
      names.set(jobId, name);
      jobs.set(name, (jobs.get(name) ?? new Set()).add(jobId));
    },
    delete(jobId) {
      const name = names.get(jobId);
      if (name === undefined) return;
      names.delete(jobId);
      const own = jobs.get(name);
      own?.delete(jobId);
      if (own?.size === 0) jobs.delete(name);
    },
    has: (jobId) => names.has(jobId),
    of: (name) => jobs.get(name) ?? [],
  };
}
