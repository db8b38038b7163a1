import { defineConfig } from 'vitest/config';

/** Tests wait for events. Only what hangs comes to these limits, also on a machine that is many times slower. */
const hangsAfterMs = 300_000;

export default defineConfig({
  test: {
    globalSetup: 'test/ready-made.ts',
    include: ['test/**/*.test.ts'],
    testTimeout: hangsAfterMs,
    hookTimeout: hangsAfterMs,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    pool: 'forks',
    maxWorkers: 2,
  },
});
