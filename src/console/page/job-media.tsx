/** What a job made, large: one after the other along a strip, beside what it was made from, and what one may do with it. */
import { useState } from 'preact/hooks';
import type { JobDetails, Medium, Models, Problem } from '../server/answers.js';
import { modelFor, sqlAgain, sqlEdit, sqlFilm } from './again.js';
import { get, problemOf } from './ask.js';
import { fileName } from './download.js';
import { t } from './language.js';
import { SmallMedium, WholeMedium } from './media.js';
import { CopyButton, ProblemNote } from './notes.js';
import { openInTry } from './statement.js';
import { Verdicts } from './verdicts.js';

export function JobMedia({ job, changed }: { job: JobDetails; changed(): void }) {
  const [at, setAt] = useState(0);
  const [beside, setBeside] = useState(false);
  const medium = job.media[at] ?? job.media[0];
  const before = job.references.find(({ kind }) => kind === 'picture');
  if (!medium) return null;
  const comparable = medium.kind === 'picture' && before !== undefined && !medium.expired;
  return (
    <figure class="made">
      {comparable && beside ? (
        <BeforeAfter before={before} after={medium} description={job.prompt} />
      ) : (
        <WholeMedium key={medium.address} medium={medium} description={job.prompt} />
      )}
      {job.media.length > 1 && <Strip job={job} at={at} choose={setAt} />}
      <figcaption>
        <code class="path">{medium.ossPath ?? t('medium.unsaved')}</code>
        {medium.ossPath && <CopyButton text={medium.ossPath} label={t('job.copyPath')} />}
      </figcaption>
      <div class="actions">
        {!medium.expired && (
          <a class="button" href={medium.address} download={fileName({ ...job }, medium)}>
            {t('job.download')}
          </a>
        )}
        {comparable && (
          <button type="button" aria-pressed={beside} onClick={() => setBeside(!beside)}>
            {t('job.beforeAfter')}
          </button>
        )}
        <GoOn job={job} medium={medium} />
      </div>
      <Verdicts job={{ ...job, error: null }} output={job.media.indexOf(medium)} changed={changed} />
    </figure>
  );
}

function Strip({ job, at, choose }: { job: JobDetails; at: number; choose(index: number): void }) {
  return (
    <ul class="strip" aria-label={t('job.outputs')}>
      {job.media.map((medium, index) => (
        <li key={medium.address}>
          <button
            type="button"
            aria-pressed={index === at}
            aria-label={t('job.output', { number: index + 1 })}
            onClick={() => choose(index)}
          >
            <SmallMedium medium={medium} description="" />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The result lies over what it was made from, as far as the slider is. */
function BeforeAfter({ before, after, description }: { before: Medium; after: Medium; description: string }) {
  const [share, setShare] = useState(50);
  return (
    <div class="before-after">
      <img src={before.address} alt={t('job.before')} />
      <img src={after.address} alt={description} style={{ clipPath: `inset(0 0 0 ${share}%)` }} />
      <input
        type="range"
        min="0"
        max="100"
        value={share}
        aria-label={t('job.beforeAfter')}
        onInput={(event) => setShare(Number(event.currentTarget.value))}
      />
    </div>
  );
}

/** From here to another call, by way of its price: nothing is made before it is estimated and run there. */
export function GoOn({ job, medium }: { job: JobDetails; medium?: Medium }) {
  const [problem, setProblem] = useState<Problem>();
  const withModel = (scenario: string, write: (model: string) => string) => async () => {
    setProblem(undefined);
    try {
      const model = modelFor(scenario, await get<Models>('/api/models'));
      if (model) openInTry(write(model));
      else setProblem({ message: t('job.noModel') });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };
  const picture = medium?.kind === 'picture' && medium.ossPath ? medium : undefined;
  return (
    <>
      <button type="button" onClick={() => openInTry(sqlAgain(job), 'estimate')}>
        {t('job.again')}
      </button>
      {picture && (
        <>
          <button type="button" onClick={withModel('image-edit', (model) => sqlEdit(job, picture, model))}>
            {t('job.edit')}
          </button>
          <button type="button" onClick={withModel('first-frame', (model) => sqlFilm(job, picture, model))}>
            {t('job.film')}
          </button>
        </>
      )}
      <button type="button" onClick={() => openInTry(sqlAgain(job))}>
        {t('job.openInTry')}
      </button>
      <ProblemNote problem={problem} />
    </>
  );
}
