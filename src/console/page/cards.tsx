/** Cards of jobs, in the gallery and below a statement that was tried. */
import type { JobCard } from '../server/answers.js';
import { t, time } from './language.js';
import { SmallMedium } from './media.js';
import { StateMark } from './notes.js';

export function JobCards({ jobs }: { jobs: JobCard[] }) {
  return (
    <ul class="cards">
      {jobs.map((job) => (
        <li key={job.id}>
          <Card job={job} />
        </li>
      ))}
    </ul>
  );
}

function Card({ job }: { job: JobCard }) {
  const [first] = job.media;
  return (
    <article class="card">
      <div class="card-face">
        {first?.kind === 'video' && <SmallMedium medium={first} description={job.prompt} />}
        {first?.kind === 'picture' && <SmallMedium medium={first} description="" />}
        {!first && <Words job={job} />}
        {job.media.length > 1 && <span class="badge">{t('card.files', { count: job.media.length })}</span>}
      </div>
      <a class="card-words" href={`#/job/${job.id}`}>
        <span class="prompt">{job.prompt}</span>
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
  return <p class={`words ${wrong ? 'bad' : ''}`}>{job.text ?? job.error ?? t(`state.${job.state}`)}</p>;
}
