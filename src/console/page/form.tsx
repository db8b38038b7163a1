/** A form for each model, made from what it takes: it writes the SQL under it, and has it priced as it is filled. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { GalleryPage, Medium, Model, Models, PlaceOfFiles } from '../server/answers.js';
import { get } from './ask.js';
import { type Fields, type Filled, fieldsOf, fitting, rulesOf, sqlOfForm } from './form-sql.js';
import { rules as inWords, number, t } from './language.js';
import { useLoaded } from './loading.js';
import { ProblemNote } from './notes.js';
import { statement } from './statement.js';

/** Kept while the visitor looks at other pages. */
const filled = signal<Filled>({
  prompt: '',
  size: '',
  pictures: 1,
  seconds: 5,
  references: [],
  place: undefined,
});
const modelName = signal('');

const typingPauseMs = 600;

/** What can be asked for by a prompt and pictures of the gallery: speech wants a sound, a translation its language. */
const formTasks = ['image-generation', 'video-generation', 'chat/completions'];

/** `price`: has what stands in the statement priced; `priced`: what it costs, when that is known. */
export function ModelForm({ price, priced }: { price(): void; priced: string | undefined }) {
  const models = useLoaded('models', (signal) => get<Models>('/api/models', {}, signal));
  const places = useLoaded('places', (signal) => get<PlaceOfFiles[]>('/api/places', {}, signal));
  const deployed = models.content?.deployed.filter(({ task }) => formTasks.includes(task)) ?? [];
  const model =
    deployed.find(({ name }) => name === modelName.value) ??
    deployed.find(({ task }) => task === 'image-generation') ??
    deployed[0];
  const content = models.content;
  if (!content || !model) return <ProblemNote problem={models.problem} />;
  const rules = rulesOf(model, content);
  const sql = sqlOfForm(model, rules, filled.value, places.content ?? []);
  return (
    <section class="panel model-form" aria-label={t('try.form')}>
      <div class="form-row">
        <ModelChoice models={deployed} chosen={model} />
        {model.price && <span class="soft small">{inWords(model.price)}</span>}
        <output class="form-price" aria-live="polite">
          {priced}
        </output>
      </div>
      <FormFields fields={fieldsOf(rules)} places={places.content ?? []} />
      <Written sql={sql} price={price} />
    </section>
  );
}

function ModelChoice({ models, chosen }: { models: Model[]; chosen: Model }) {
  return (
    <label class="field">
      <span>{t('model')}</span>
      <select
        name="model"
        value={chosen.name}
        onChange={(event) => {
          modelName.value = event.currentTarget.value;
          filled.value = { ...filled.value, size: '' };
        }}
      >
        {models.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Puts what the form says into the editor, and asks for its price when nothing has changed for a moment. */
function Written({ sql, price }: { sql: string; price(): void }) {
  const ready = filled.value.prompt.trim() !== '';
  useEffect(() => {
    if (!ready) return;
    statement.value = sql;
    const timer = setTimeout(price, typingPauseMs);
    return () => clearTimeout(timer);
  }, [sql, ready]);
  return null;
}

function change(news: Partial<Filled>): void {
  filled.value = { ...filled.value, ...news };
}

function FormFields({ fields, places }: { fields: Fields; places: PlaceOfFiles[] }) {
  const { prompt, size, pictures, seconds } = filled.value;
  return (
    <>
      <label class="field">
        <span>{t('job.prompt')}</span>
        <textarea
          name="prompt"
          rows={3}
          value={prompt}
          onInput={(event) => change({ prompt: event.currentTarget.value })}
        />
      </label>
      {fields.sizes && (
        <Chips
          label={t('models.sizes')}
          values={fields.sizes.values}
          chosen={size}
          choose={(value) => change({ size: value })}
        />
      )}
      <div class="form-row">
        {fields.pictures && fields.pictures[1] > 1 && (
          <Range
            label={t('models.pictures')}
            range={fields.pictures}
            value={pictures}
            set={(value) => change({ pictures: value })}
          />
        )}
        {fields.seconds && fields.seconds[1] > fields.seconds[0] && (
          <Range
            label={t('models.duration')}
            range={fields.seconds}
            value={seconds}
            set={(value) => change({ seconds: value })}
          />
        )}
        {fields.saves && <PlaceChoice places={places} />}
      </div>
      {fields.references > 0 && <References key={fields.referenceKind} fields={fields} />}
    </>
  );
}

function Chips({
  label,
  values,
  chosen,
  choose,
}: {
  label: string;
  values: string[];
  chosen: string;
  choose(value: string): void;
}) {
  return (
    <fieldset class="chips">
      <legend>{label}</legend>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          class="small"
          aria-pressed={value === chosen}
          onClick={() => choose(value === chosen ? '' : value)}
        >
          {value.replace('*', ' × ')}
        </button>
      ))}
    </fieldset>
  );
}

function Range({
  label,
  range: [least, most],
  value,
  set,
}: {
  label: string;
  range: [number, number];
  value: number;
  set(value: number): void;
}) {
  const within = Math.min(most, Math.max(least, value));
  return (
    <label class="field">
      <span>
        {label}: {number(within)}
      </span>
      <input
        type="range"
        min={least}
        max={most}
        value={within}
        onInput={(event) => set(Number(event.currentTarget.value))}
      />
    </label>
  );
}

/** Places that have a name, and those that the role has saved to before. */
function PlaceChoice({ places }: { places: PlaceOfFiles[] }) {
  const { place } = filled.value;
  const at = places.findIndex(({ outputDir }) => outputDir === place?.outputDir);
  return (
    <label class="field">
      <span>{t('try.saveTo')}</span>
      <select
        name="place"
        value={String(at)}
        onChange={(event) => change({ place: places[Number(event.currentTarget.value)] })}
      >
        <option value="-1">{t('try.saveNowhere')}</option>
        {places.map(({ outputDir }, index) => (
          <option key={outputDir} value={String(index)}>
            {outputDir}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Saved pictures, or films, of the gallery, to be pressed or dragged into the request. */
function References({ fields }: { fields: Fields }) {
  const { references: most, referenceKind: kind } = fields;
  const { content } = useLoaded(kind, (signal) => get<GalleryPage>('/api/gallery', { kind }, signal));
  const saved = content?.jobs.flatMap(({ media }) => media.filter(({ ossPath }) => ossPath)) ?? [];
  const references = fitting(filled.value.references, fields);
  const [over, setOver] = useState(false);
  const add = (path: string) => {
    if (references.includes(path) || !saved.some(({ ossPath }) => ossPath === path)) return;
    change({ references: [...references, path].slice(-most) });
  };
  return (
    <fieldset class="references-form">
      <legend>
        {t('job.references')} ({number(references.length)}/{number(most)})
      </legend>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dragging is a second way; the pictures below are buttons. */}
      <div
        class={over ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          add(event.dataTransfer?.getData('text/plain') ?? '');
        }}
      >
        {references.length === 0 && <span class="soft small">{t('try.dropHere')}</span>}
        {references.map((path) => (
          <Thumb
            key={path}
            medium={saved.find(({ ossPath }) => ossPath === path)}
            path={path}
            label={t('try.takeOut', { path })}
            press={() => change({ references: references.filter((one) => one !== path) })}
          />
        ))}
      </div>
      <div class="strip">
        {saved.slice(0, 24).map((medium) => (
          <Thumb
            key={medium.address}
            medium={medium}
            path={medium.ossPath ?? ''}
            label={t('try.putIn', { path: medium.ossPath ?? '' })}
            press={() => add(medium.ossPath ?? '')}
          />
        ))}
      </div>
    </fieldset>
  );
}

function Thumb({
  medium,
  path,
  label,
  press,
}: {
  medium: Medium | undefined;
  path: string;
  label: string;
  press(): void;
}) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={press}
      draggable
      onDragStart={(event) => event.dataTransfer?.setData('text/plain', path)}
    >
      {medium ? <Small medium={medium} /> : path.split('/').at(-1)}
    </button>
  );
}

function Small({ medium: { kind, address, thumbnail } }: { medium: Medium }) {
  return kind === 'video' ? (
    <video src={address} preload="metadata" muted draggable={false} />
  ) : (
    <img src={thumbnail ?? address} alt="" draggable={false} />
  );
}
