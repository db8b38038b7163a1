/** Signing in with the engine's role and password. */
import { useState } from 'preact/hooks';
import type { Problem, WhoAmI } from '../server/answers.js';
import { post, problemOf, whoAmI } from './ask.js';
import { t } from './language.js';
import { ProblemNote } from './notes.js';
import { place } from './place.js';

export function SignIn() {
  const [problem, setProblem] = useState<Problem>();
  const [asking, setAsking] = useState(false);
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setAsking(true);
    setProblem(undefined);
    try {
      whoAmI.value = await post<WhoAmI>('/api/session', Object.fromEntries(fields));
    } catch (error) {
      setProblem(problemOf(error));
      setAsking(false);
    }
  };
  return (
    <main class="sign-in">
      <form onSubmit={signIn}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>{t('signIn.title')}</h1>
        <p class="soft">{t('signIn.hint')}</p>
        <label class="field">
          <span>{t('role')}</span>
          <input
            name="role"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            defaultValue={place.value.parameters.get('as') ?? ''}
            required
          />
        </label>
        <label class="field">
          <span>{t('signIn.password')}</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <ProblemNote problem={problem} />
        <button type="submit" class="primary" disabled={asking}>
          {t('signIn')}
        </button>
      </form>
    </main>
  );
}
