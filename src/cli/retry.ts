/** `hologen retry`: asks again for what jobs have failed to make. */
import type pg from 'pg';
import { UsageError } from '../errors.js';
import { type Command, helpText } from './command.js';
import { operate, operatorFlags, requireWords } from './operate.js';

/** What retry_job takes. */
const failedWithTag = `
  SELECT job_id FROM hologen.jobs WHERE state IN ('failed', 'cancelled') AND tag = $1 ORDER BY submitted_at`;

export const retryCommand: Command = {
  summary: 'ask again for what jobs have failed to make',
  help: helpText(
    'retry JOB… | --tag TAG [options]',
    'Asks again for what each job has failed to make, or all jobs of a tag (SET ai_gen.tag): each failure once, and none that may have\nbeen made. Prints a line a job: the job, and the handle of the new call for ai_wait, or why it is not asked for again. Exit code 1\nwhen there is one of those. As SELECT retry_job(…).',
    operatorFlags,
    '\n  --tag TAG                  every failed or cancelled job with this tag',
  ),
  run: (args) =>
    operate(args, { words: true, texts: ['tag'] }, (asked) => {
      const tag = asked.given.get('tag');
      if (tag !== undefined && asked.words.length > 0)
        throw new UsageError('either jobs or --tag can be given, not both');
      const named =
        tag === undefined
          ? requireWords(asked, 1, Number.POSITIVE_INFINITY, 'a JOB, or --tag TAG,')
          : undefined;
      return async (client) => {
        const jobs = named ?? (await client.query(failedWithTag, [tag])).rows.map((row) => row.job_id);
        let refused = 0;
        for (const job of jobs) if (!(await retry(client, job))) refused += 1;
        return refused === 0 ? 0 : 1;
      };
    }),
};

async function retry(client: pg.Client, job: string): Promise<boolean> {
  try {
    const { rows } = await client.query('SELECT hologen.retry_job($1) AS handle', [job]);
    console.log(`${job} ${rows[0].handle}`);
    return true;
  } catch (error) {
    console.log(`${job} ${(error as Error).message}`);
    return false;
  }
}
