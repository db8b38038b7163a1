/** *Models*: what is deployed, what can be, and who may call it. */
import { useState } from 'preact/hooks';
import type { CallLimits, Model, Models, Problem, SupportedModel } from '../server/answers.js';
import { get, post, problemOf, whoAmI } from './ask.js';
import { rules as inWords, known, number, t } from './language.js';
import { useLoaded } from './loading.js';
import { PageTitle, ProblemNote } from './notes.js';

/** A dated or regional name has the rules of its plain one. */
const variant = /(-us)?(-\d{4}-\d{2}-\d{2})?$/;

export function ModelsPage() {
  const loaded = useLoaded('models', (signal) => get<Models>('/api/models', {}, signal));
  const { content } = loaded;
  const [problem, setProblem] = useState<Problem>();
  const change: Change = async (path, body) => {
    setProblem(undefined);
    try {
      await post(path, body);
      loaded.reload();
      return true;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    }
  };
  return (
    <>
      <PageTitle title={t('models')}>
        {content && <p class="soft">{t('models.deployed', { count: content.deployed.length })}</p>}
      </PageTitle>
      <ProblemNote problem={problem ?? loaded.problem} />
      {content && whoAmI.value?.administers && <DeployForm supported={content.supported} change={change} />}
      {content?.deployed.length === 0 && whoAmI.value?.administers && (
        <p>
          <button type="button" class="primary" onClick={() => change('/api/models/usual', {})}>
            {t('models.usual')}
          </button>
        </p>
      )}
      {content && !whoAmI.value?.administers && <p class="note">{t('models.readOnly')}</p>}
      <ul class="models">
        {content?.deployed.sort(byTask).map((model) => (
          <li key={model.name}>
            <ModelCard
              model={model}
              rules={content.supported.find(
                ({ type }) => type === model.type || type === model.type.replace(variant, ''),
              )}
              change={change}
            />
          </li>
        ))}
      </ul>
    </>
  );
}

function byTask(a: Model, b: Model): number {
  return tasks.indexOf(a.task) - tasks.indexOf(b.task) || (a.name < b.name ? -1 : 1);
}

/** Asks the server to change something; true when it did. */
type Change = (path: string, body: unknown) => Promise<boolean>;

function taskName(task: string): string {
  const key = `task.${task}`;
  return known(key) ? t(key) : task;
}

function ModelCard({
  model,
  rules,
  change,
}: {
  model: Model;
  rules: SupportedModel | undefined;
  change: Change;
}) {
  const administers = whoAmI.value?.administers ?? false;
  const [sure, setSure] = useState(false);
  return (
    <article class="model">
      <header>
        <h2>{model.name}</h2>
        <span class="tag">{taskName(model.task)}</span>
      </header>
      <p class="soft small">{model.type}</p>
      <dl class="facts">
        {rules?.sizes && (
          <Fact label={t('models.sizes')} value={inWords(rules.sizes.replace(/^(size|resolution) /, ''))} />
        )}
        {rules?.pictures && <Fact label={t('models.pictures')} value={rules.pictures} />}
        {rules?.duration && <Fact label={t('models.duration')} value={inWords(rules.duration)} />}
        <Fact label={t('models.limits')} value={limitsOf(model.limits)} />
        {model.price && <Fact label={t('price')} value={inWords(model.price)} />}
        <Fact
          label={t('models.callers')}
          value={model.grantedTo.length > 0 ? model.grantedTo.join(', ') : t('models.everybody')}
        />
      </dl>
      {administers && (
        <footer>
          <GrantForm model={model} change={change} />
          {sure ? (
            <button
              type="button"
              class="danger small"
              onClick={() => change('/api/models/remove', { name: model.name })}
            >
              {t('models.removeSure', { name: model.name })}
            </button>
          ) : (
            <button type="button" class="quiet small" onClick={() => setSure(true)}>
              {t('remove')}
            </button>
          )}
        </footer>
      )}
    </article>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function limitsOf({ submitsPerSecond, concurrentTasks }: CallLimits): string {
  const told: string[] = [];
  if (submitsPerSecond !== null && submitsPerSecond < 1)
    told.push(t('models.perMinute', { value: number(submitsPerSecond * 60, 0) }));
  else if (submitsPerSecond !== null) told.push(t('models.perSecond', { value: number(submitsPerSecond) }));
  if (concurrentTasks !== null) told.push(t('models.atOnce', { value: number(concurrentTasks) }));
  return told.join(' · ') || t('queues.unlimited');
}

/** Once one role is named, only the named ones may call. */
function GrantForm({ model, change }: { model: Model; change: Change }) {
  const grant = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const role = new FormData(form).get('role');
    if (await change('/api/models/grant', { model: model.name, role })) form.reset();
  };
  return (
    <div class="grants">
      {model.grantedTo.map((role) => (
        <button
          key={role}
          type="button"
          class="tag"
          aria-label={t('models.revoke', { role })}
          onClick={() => change('/api/models/revoke', { model: model.name, role })}
        >
          {role} ×
        </button>
      ))}
      <form onSubmit={grant}>
        <input
          name="role"
          placeholder={t('role')}
          aria-label={t('models.grantTo', { name: model.name })}
          required
        />
        <button type="submit" class="small">
          {t('models.grant')}
        </button>
      </form>
    </div>
  );
}

const tasks = [
  ...['image-generation', 'video-generation', 'chat/completions', 'translation', 'embedding', 'rerank'],
  'speech-to-text',
];

function ModelTypes({ supported }: { supported: SupportedModel[] }) {
  return (
    <datalist id="model-types">
      {supported
        .filter(({ type }) => !type.startsWith('('))
        .map(({ type }) => (
          <option key={type} value={type} />
        ))}
    </datalist>
  );
}

function DeployForm({ supported, change }: { supported: SupportedModel[]; change: Change }) {
  const [type, setType] = useState('');
  const [task, setTask] = useState('image-generation');
  const typed = (event: Event) => {
    const { value } = event.currentTarget as HTMLInputElement;
    setType(value);
    const rules = supported.find((one) => one.type === value);
    if (rules) setTask(rules.task);
  };
  const deploy = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (!(await change('/api/models/deploy', Object.fromEntries(new FormData(form))))) return;
    form.reset();
    setType('');
  };
  return (
    <details class="deploy">
      <summary>{t('models.deploy')}</summary>
      <form onSubmit={deploy}>
        <label class="field">
          <span>{t('models.name')}</span>
          <input name="name" required autocapitalize="none" spellcheck={false} />
        </label>
        <label class="field">
          <span>{t('models.type')}</span>
          <input name="type" list="model-types" required value={type} onInput={typed} spellcheck={false} />
          <ModelTypes supported={supported} />
        </label>
        <label class="field">
          <span>{t('models.task')}</span>
          <select name="task" value={task} onChange={(event) => setTask(event.currentTarget.value)}>
            {tasks.map((name) => (
              <option key={name} value={name}>
                {taskName(name)}
              </option>
            ))}
          </select>
        </label>
        <label class="field grow">
          <span>{t('models.config')}</span>
          <input name="config" placeholder='{"api_key": "sk-…"}' spellcheck={false} autocomplete="off" />
        </label>
        <button type="submit" class="primary">
          {t('models.deployNow')}
        </button>
      </form>
    </details>
  );
}
