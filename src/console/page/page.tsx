/**
 * The console's page: who is signed in decides between the form and the rooms.
 *
 * Room: src/console/page holds the page itself, in the browser; it knows the server's answers by their types alone.
 */
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { about, post, recallSession, whoAmI } from './ask.js';
import { ComparePage } from './compare.js';
import { Gallery } from './gallery.js';
import { JobPage } from './job.js';
import { chooseLanguage, language, t } from './language.js';
import { ModelsPage } from './models.js';
import { MoneyPage } from './money.js';
import { NowPage } from './now.js';
import { PeoplePage } from './people.js';
import { place } from './place.js';
import { SignIn } from './sign-in.js';
import { TryPage } from './try.js';

const rooms = {
  gallery: Gallery,
  now: NowPage,
  models: ModelsPage,
  money: MoneyPage,
  people: PeoplePage,
  try: TryPage,
};
type Room = keyof typeof rooms;
const roomNames = Object.keys(rooms) as Room[];

function Page() {
  const who = whoAmI.value;
  if (who === undefined) return null;
  return (
    <>
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>('main h1')?.focus()}
      >
        {t('skip')}
      </button>
      <header class="top">
        <a class="brand" href="#/gallery">
          <img src="/icon.svg" alt="" width="26" height="26" />
          hologen
        </a>
        {who && <Rooms />}
        <div class="corner">
          <LanguageSwitch />
          {who && <Account role={who.role} administers={who.administers} />}
        </div>
      </header>
      {about.value?.sandbox && <p class="sandbox-strip">{t('sandbox')}</p>}
      {who ? <CurrentRoom /> : <SignIn />}
    </>
  );
}

function Rooms() {
  const { page } = place.value;
  const current = page === 'job' || page === 'compare' ? 'gallery' : page;
  return (
    <nav aria-label={t('rooms')}>
      {roomNames.filter(isOpen).map((name) => (
        <a key={name} href={`#/${name}`} aria-current={current === name ? 'page' : undefined}>
          {t(name)}
        </a>
      ))}
    </nav>
  );
}

/** People is for those who administer. */
function isOpen(room: Room): boolean {
  return room !== 'people' || (whoAmI.value?.administers ?? false);
}

function LanguageSwitch() {
  const other = language.value === 'en' ? 'zh' : 'en';
  return (
    <button type="button" class="quiet" lang={other} onClick={() => chooseLanguage(other)}>
      {other === 'zh' ? '中文' : 'English'}
    </button>
  );
}

function Account({ role, administers }: { role: string; administers: boolean }) {
  const signOut = async () => {
    await post('/api/sign-out').catch(() => {});
    whoAmI.value = null;
  };
  return (
    <>
      <span class="role" title={administers ? t('account.owner') : t('account.readOnly')}>
        {role}
        {!administers && <span class="soft"> · {t('account.readOnlyShort')}</span>}
      </span>
      <button type="button" class="quiet" onClick={signOut}>
        {t('signOut')}
      </button>
    </>
  );
}

function CurrentRoom() {
  const { page, rest } = place.value;
  const main = useRef<HTMLElement>(null);
  const arrived = useRef(false);
  useEffect(() => {
    document.title = `${t(page in rooms ? (page as Room) : page === 'compare' ? 'compare' : 'job')} · hologen`;
    // Who uses a screen reader hears where a link has led; on the first page the browser does that itself.
    if (arrived.current) main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
    arrived.current = true;
    window.scrollTo(0, 0);
  }, [page, rest, language.value]);
  const Content = Object.hasOwn(rooms, page) ? rooms[page as Room] : undefined;
  return (
    <main id="main" ref={main}>
      {page === 'job' && <JobPage key={rest} id={rest} />}
      {page === 'compare' && <ComparePage />}
      {page !== 'job' && page !== 'compare' && (Content ? <Content /> : <Gallery />)}
    </main>
  );
}

const root = document.querySelector('#page');
if (root) render(<Page />, root);
await recallSession();
