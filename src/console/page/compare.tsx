/** *Compare*: the chosen jobs side by side, whole, each with its prompt, model and price, and a verdict on each picture. */
import type { JobDetails } from '../server/answers.js';
import { get } from './ask.js';
import { money, t } from './language.js';
import { useLoaded } from './loading.js';
import { WholeMedium } from './media.js';
import { Empty, PageTitle, ProblemNote } from './notes.js';
import { place } from './place.js';
import { mostCompared } from './selection.js';
import { Verdicts } from './verdicts.js';

export function ComparePage() {
  const ids = (place.value.parameters.get('ids') ?? '').split(',').filter(Boolean).slice(0, mostCompared);
  const {
    content: jobs,
    problem,
    reload,
  } = useLoaded(ids.join(), (signal) =>
    Promise.all(ids.map((id) => get<JobDetails>('/api/job', { id }, signal))),
  );
  return (
    <>
      <a class="back" href="#/gallery">
        ← {t('gallery')}
      </a>
      <PageTitle title={t('compare')} />
      <ProblemNote problem={problem} />
      {ids.length === 0 && <Empty title={t('compare.none')} />}
      <ul class="compared">
        {jobs?.flatMap((job) =>
          job.media.map((medium, output) => (
            <li key={medium.address}>
              <WholeMedium medium={medium} description={job.prompt} />
              <a class="prompt" href={`#/job/${job.id}`}>
                {job.prompt}
              </a>
              <p class="soft small">
                {job.model}
                {job.price !== null && ` · ${money(Number(job.price), job.currency ?? 'CNY')}`}
              </p>
              <Verdicts job={{ ...job, error: null }} output={output} changed={reload} />
            </li>
          )),
        )}
      </ul>
    </>
  );
}
