/** What a statement's calls would cost, how they would be made (at once, in stages, one after another and why), and how long: told without making any. */

import { partsTogether, readParts } from '../../calls/batch-candidates.js';
import { judgeForms } from '../../calls/batch-look.js';
import type { Estimate } from '../../calls/dry-run.js';
import { whyUncertain } from '../../calls/look-ahead.js';
import { rowsWanted } from '../../calls/look-plan.js';
import { allowedOf, queuesOf } from '../../calls/queues.js';
import { readSessionSettings, type SessionSettings } from '../../calls/session-settings.js';
import type { SqlReader } from '../../calls/sql-reader.js';
import { KnownError } from '../../errors.js';
import { isObject, type Json } from '../../json.js';
import type { DeployedModel } from '../../ledger/models.js';
import { type Allowed, aboutSeconds } from '../../pace/about.js';
import type { Queue } from '../../pace/schedule.js';
import { plansOf } from './calls.js';
import { type Answers, originOf, type QuestionTools, textOrNull, textsOf } from './question.js';

export function answerAboutHow(tools: QuestionTools): Answers {
  const { reader, calls } = tools;
  return {
    estimate_begins: async (question, caller) => calls.estimateBegins(originOf(caller), nameOf(question)),
    estimate_ends: async (question, caller) => calls.estimateEnds(originOf(caller), nameOf(question)),
    estimate: async (question, caller) =>
      estimated(await calls.estimate(originOf(caller), nameOf(question)), question, tools),
    /** What has to be asked or planned to tell, or how already; null where its author chose an order. `asWritten`: that was asked, and it is not rewritten. */
    how_read({ statement, settings, asWritten }) {
      const text = String(statement);
      const staged = asWritten === true ? false : reader.stagedUnless(text);
      if (staged === undefined) return { how: null };
      if (staged)
        return { how: inStages(staged.stages), unless: staged.unless, writes: reader.writtenTo(text) };
      return readAsWritten(text, readSessionSettings(isObject(settings) ? settings : {}), reader);
    },
    how_together: ({ statement, plans }) => judgeTogether(String(statement), plans, reader),
    /** By the plan, and unless names in it are unsure; `apart`: what was planned is the query with its calls in more stages. */
    how_planned({ statement, plan, apart }) {
      const read = reader.aheadQuery(String(statement));
      if ('stored' in read || 'why' in read) return { how: null };
      const judged = reader.judgePlan(plan, read, 'all');
      const { stages } = apart && read.apart ? read.apart : read;
      const why = 'why' in judged ? judged.why : judged.rowByRow;
      if (!reader.makesCalls(plan, read.text)) return { ...judged, how: oneAfterAnother(standElsewhere) };
      const decides = apart || ('decides' in judged && judged.decides);
      if (why === undefined) return { ...judged, how: inStages(stages, decides) };
      if (!('why' in judged) && rowsWanted(read, read.text, reader) !== undefined)
        return { ...judged, how: `${inStages(stages)}, ${asManyAsWanted}` };
      if (apart || !read.apart) return { how: oneAfterAnother(why) };
      return { explain: read.apart.forStage(1), apart: true };
    },
    /** `sources`: of what is unsure those that are functions of somebody's: their calls may be those that are looked for. `together`: see how_together. */
    how_unsure({ unsure, statement, sources, together, doubt }) {
      const names = textsOf(unsure);
      const why = together
        ? whyUncertain({ unsure: names, doubt: textOrNull(doubt) ?? undefined })
        : undefined;
      if (why !== undefined) return { how: oneAfterAnother(why) };
      const texts = typeof sources === 'string' ? textsOf(JSON.parse(sources)) : [];
      if (texts.some((text) => runsQueries.test(text))) return { how: null };
      const query = reader.rowFunctionQuery(texts, String(statement));
      const areLeft = query && !('why' in query) && (query.serves?.length ?? 0) < names.length;
      if (!query || areLeft) return { how: oneAfterAnother(`${names[0]} may give something else each time`) };
      if (!('why' in query)) return { how: inStages(query.stages) };
      return { how: query.why === undefined ? null : oneAfterAnother(`${names[0]}: ${query.why}`) };
    },
  };
}

/** Functions whose own queries are looked at when they run. */
const runsQueries = /^ (RETURNS (SETOF |TABLE\()|LANGUAGE sql\b)/m;

const atOnce = 'at once';
const asManyAsWanted = 'as many at a time as rows are still wanted';
/** A dry run's results, which are none, have decided it otherwise. */
const decidedByResults = 'and results decide how many calls follow';

function inStages(stages: number, decides: unknown = false): string {
  if (stages === 1) return atOnce;
  return `${atOnce} in ${stages} stages${decides ? `, ${decidedByResults}` : ''}`;
}

function oneAfterAnother(why: string): string {
  return `one after another: ${why}`;
}

/** Without another word for a text whose author chose an order, or which makes one call. */
async function readAsWritten(text: string, { atOnce }: SessionSettings, reader: SqlReader): Promise<object> {
  const read = reader.aheadQuery(text);
  // What was prepared or declared may have been rewritten then.
  if ('stored' in read) return { how: atOnce || keptTexts.includes(read.stored) ? null : isOff };
  if ('why' in read && read.why === undefined) return { how: null };
  if (!atOnce) return { how: isOff };
  if (!('why' in read)) return { explain: read.forStage(1), writes: reader.writtenTo(text) };
  const each = await readParts(text, reader);
  const parts = each.length > 1 ? partsTogether(each) : read;
  if ('why' in parts) return { how: parts.why === undefined ? null : oneAfterAnother(parts.why) };
  return {
    batch: parts.map(({ text: own, query }) => ({ statement: own, query: query.forStage(1), types: [] })),
  };
}
const keptTexts = ['prepared', 'cursor', 'held'];
const isOff = oneAfterAnother('ai_gen.at_once is off');
const standElsewhere = 'they stand in a default, a trigger or the like, and not in the statement';

/** As how_planned, of several statements in one text. */
async function judgeTogether(text: string, plans: unknown, reader: SqlReader): Promise<object> {
  const parts = partsTogether(await readParts(text, reader));
  if ('why' in parts) return { how: null };
  const forms = parts.map((part) => ({ part, given: [], types: [], since: undefined }));
  const judged = await judgeForms({ forms, oneText: true }, plansOf(plans), reader);
  if ('why' in judged) return { how: oneAfterAnother(String(judged.why)) };
  // Those of later stages are looked for in none of them.
  const isStaged = parts.some(({ query }) => query.stages > 1);
  return { ...judged, together: true, how: isStaged ? null : atOnce };
}

/** The engine's functions give each a UUID. */
function nameOf({ estimate }: Json): string {
  return String(estimate).slice(0, 36);
}

/** `how`: as ai_estimate tells it. */
async function estimated(rows: Estimate[], { how, settings }: Json, tools: QuestionTools): Promise<Json[]> {
  const { models, schedule, usualTimes } = tools;
  const queues = await queuesOf(models, schedule);
  const deployed = await models.catalogue.list();
  const way = wayOf(how, rows);
  return Promise.all(
    rows.map(async ({ modelName, modelType, takenPrice, requests, detached, ...row }) => {
      const secondsEach = await usualTimes.secondsOf(modelName);
      const model = deployed.find(({ name }) => name === modelName);
      const making = { calls: row.calls - row.taken, requests: Math.ceil(requests) };
      const seconds =
        way && secondsEach !== undefined
          ? aboutSeconds({ ...making, ...way, secondsEach, queue: model && allowed(model, tools) })
          : undefined;
      const own = queues.filter((each) => each.modelType === modelType);
      const about = seconds && Math.max(seconds, secondsToGiveWay(settings, own));
      return { model_name: modelName, model_type: modelType, ...row, taken_price: takenPrice, about };
    }),
  );
}

function allowed(model: DeployedModel, { models, schedule }: QuestionTools): Allowed | undefined {
  try {
    return allowedOf({ model, provider: models.providers.of(model.provider) }, schedule);
  } catch (error) {
    // Without a key, say, it has no line.
    if (error instanceof KnownError) return undefined;
    throw error;
  }
}

/** Undefined: nobody knows. A single call is made alone, and those of ai_submit when the transaction is committed. */
function wayOf(how: unknown, rows: Estimate[]): { atOnce: boolean; stages: number } | undefined {
  // Nobody knows how many of the calls are those for each row.
  if (typeof how !== 'string' || how.includes('; one after another: ')) {
    const calls = rows.reduce((sum, row) => sum + row.calls, 0);
    const isKnown = calls === 1 || rows.every((row) => row.detached === row.calls);
    return isKnown ? { atOnce: true, stages: 1 } : undefined;
  }
  const [, stages = 1] = / in (\d+) stages/.exec(how) ?? [];
  // Of which stage a model's calls are is not known: those of others are of another one each.
  return { atOnce: how.startsWith(atOnce), stages: Math.max(1, Number(stages) - rows.length + 1) };
}

/** Calls that are wanted by a time let those go before them that wait, and may take until then. */
function secondsToGiveWay(settings: unknown, queues: Queue[]): number {
  const { by } = readSessionSettings(isObject(settings) ? settings : {});
  const othersWait = queues.some(({ queued, givingWay }) => queued > givingWay);
  return by === undefined || !othersWait ? 0 : (by - Date.now()) / 1000;
}
