/** What a statement that was tried returned: its rows, results of ai_gen readable and beside their own pictures. */
import type { JobCard, Run } from '../server/answers.js';
import { t } from './language.js';
import { SmallMedium } from './media.js';

export function Rows({ run }: { run: Run }) {
  const jobs = new Map(run.jobs.map((job) => [job.requestId, job]));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section class="scroll rows" tabIndex={0} aria-label={t('try.rows')}>
        <table>
          <thead>
            <tr>
              {run.columns.map((column, index) => (
                <th key={String(index)} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {run.rows.map((row, index) => (
              <tr key={String(index)}>
                {row.map((value, place) => (
                  <td key={String(place)}>
                    <Value value={value} jobs={jobs} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {run.rowCount > run.rows.length && (
        <p class="soft">{t('try.firstRows', { shown: run.rows.length, count: run.rowCount })}</p>
      )}
    </>
  );
}

function Value({ value, jobs }: { value: string | null; jobs: Map<string | null, JobCard> }) {
  if (value === null) return <i class="soft">NULL</i>;
  const json = objectIn(value);
  if (!json) return value;
  const job = jobs.get(String(json.requestId ?? json.request_id ?? ''));
  const paths = [
    json.image_oss_paths,
    (json.output as Record<string, unknown> | undefined)?.video_oss_path,
  ].flat();
  return (
    <div class="result">
      {job && job.media.length > 0 && (
        <a class="result-media" href={`#/job/${job.id}`}>
          {job.media.slice(0, 4).map((medium) => (
            <SmallMedium key={medium.address} medium={medium} description={job.prompt} />
          ))}
        </a>
      )}
      {paths.filter(Boolean).map((path) => (
        <code key={String(path)} class="path">
          {String(path)}
        </code>
      ))}
      <details>
        <summary class="soft small">JSON</summary>
        <pre>{JSON.stringify(json, undefined, 2)}</pre>
      </details>
    </div>
  );
}

function objectIn(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
