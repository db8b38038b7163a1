import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real servers, kills and clocks: a machine that stands still for seconds costs a second try, which the report names, not the run.
    retry: 1,
    pool: 'forks',
    maxWorkers: 2,
  },
});
