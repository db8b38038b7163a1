/** Cards of jobs, in the gallery and below a statement that was tried. */
import type { JobCard } from '../server/answers.js';
import { choose, chosen } from './chosen.js';
import { labelText } from './label.js';
import { t, time } from './language.js';
import { SmallMedium } from './media.js';
import { StateMark } from './notes.js';
import { VerdictMark } from './verdicts.js';

/** `choosing`: each can be chosen, for what is done with many. */
export function JobCards({ jobs, choosing = false }: { jobs: JobCard[]; choosing?: boolean }) {
  return (
    <ul class="cards">
      {jobs.map((job) => (
        <li key={job.id}>
          <Card job={job} choosing={choosing} />
        </li>
      ))}
    </ul>
  );
}

function Card({ job, choosing }: { job: JobCard; choosing: boolean }) {
  const [first] = job.media;
  const isChosen = chosen.value.has(job.id);
  return (
    <article class={isChosen ? 'card chosen' : 'card'}>
      {choosing && (
        <input
          type="checkbox"
          class="chooser"
          checked={isChosen}
          aria-label={t('card.choose', { prompt: job.prompt })}
          onChange={(event) => choose(job, event.currentTarget.checked)}
        />
      )}
      <div class="card-face">
        {first?.kind === 'video' && <SmallMedium medium={first} description={job.prompt} />}
        {first?.kind === 'picture' && <SmallMedium medium={first} description="" />}
        {!first && <Words job={job} />}
        <VerdictMark verdicts={job.verdicts} />
        {job.media.length > 1 && <span class="badge">{t('card.files', { count: job.media.length })}</span>}
      </div>
      <a class="card-words" href={`#/job/${job.id}`}>
        <span class="prompt">{job.prompt}</span>
        {job.label && <span class="small label">{labelText(job.label)}</span>}
        <span class="soft small meta">
          <span>{job.model}</span>
          <span>{time(job.submittedAt)}</span>
          {job.state !== 'succeeded' && <StateMark state={job.state} />}
        </span>
      </a>
    </article>
  );
}

/** A job without files shows what it wrote, or why there is nothing. */
function Words({ job }: { job: JobCard }) {
  const wrong = job.state === 'failed' || job.state === 'unanswered';
  const said = job.text ?? job.error;
  return (
    <p class={`words ${wrong ? 'bad' : ''}`}>
      {said === null ? (
        t(`state.${job.state}`)
      ) : (
        <span lang={job.text === null ? 'en' : undefined}>{said}</span>
      )}
    </p>
  );
}
