import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Tests wait for events. Only what hangs comes to these limits, also on a machine that is many times slower. */
const hangsAfterMs = 300_000;

/** What takes many minutes is begun first: at the end it would run alone. */
const longest = [
  'rewriter/differential.test.ts',
  'rewriter/no-difference.test.ts',
  'faults/faults.test.ts',
  'rewriter/at-once.test.ts',
  'engine/embedded.test.ts',
  'engine/versions.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return found < 0 ? longest.length : found;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    globalSetup: 'test/ready-made.ts',
    include: ['test/**/*.test.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: hangsAfterMs,
    hookTimeout: hangsAfterMs,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    pool: 'forks',
    maxWorkers: 2,
  },
});
