/** What a statement's calls would cost, how they would be made (at once, in stages, one after another and why), and how long: told without making any. */

import type { Estimate } from '../../calls/dry-run.js';
import { rowsWanted } from '../../calls/look-plan.js';
import { queuesOf } from '../../calls/queues.js';
import { readSessionSettings } from '../../calls/session-settings.js';
import { isObject, type Json } from '../../json.js';
import { aboutSeconds } from '../../pace/about.js';
import type { Queue } from '../../pace/schedule.js';
import { type Answers, originOf, type QuestionTools, textsOf } from './question.js';

export function answerAboutHow(tools: QuestionTools): Answers {
  const { reader, calls } = tools;
  return {
    estimate: async (question, caller) => estimated(await calls.estimate(originOf(caller)), question, tools),
    /** What has to be planned to tell, or how already; null where its author chose an order. */
    how_read({ statement }) {
      const text = String(statement);
      const staged = reader.isStaged(text);
      if (staged !== false) return { how: staged ? atOnce : null };
      const read = reader.aheadQuery(text);
      if ('stored' in read) return { how: null };
      if ('why' in read) return { how: read.why === undefined ? null : oneAfterAnother(read.why) };
      return { explain: read.forStage(1) };
    },
    /** By the plan, and unless names in it are unsure; `apart`: what was planned is the query with its calls in more stages. */
    how_planned({ statement, plan, apart }) {
      const read = reader.aheadQuery(String(statement));
      if ('stored' in read || 'why' in read) return { how: null };
      const judged = reader.judgePlan(plan, read, 'all');
      const { stages } = apart && read.apart ? read.apart : read;
      const why = 'why' in judged ? judged.why : judged.rowByRow;
      if (why === undefined) return { ...judged, how: inStages(stages) };
      if (!('why' in judged) && rowsWanted(read, read.text, reader) !== undefined)
        return { ...judged, how: `${inStages(stages)}, ${asManyAsWanted}` };
      if (apart || !read.apart) return { how: oneAfterAnother(why) };
      return { explain: read.apart.forStage(1), apart: true };
    },
    /** `sources`: of what is unsure those that are functions of somebody's: their calls may be those that are looked for. */
    how_unsure({ unsure, statement, sources }) {
      const names = textsOf(unsure);
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

function inStages(stages: number): string {
  return stages > 1 ? `${atOnce} in ${stages} stages` : atOnce;
}

function oneAfterAnother(why: string): string {
  return `one after another: ${why}`;
}

/** `atOnce`: how they would be made. */
async function estimated(
  rows: Estimate[],
  { atOnce, settings }: Json,
  tools: QuestionTools,
): Promise<Json[]> {
  const { models, schedule, usualTimes } = tools;
  const queues = await queuesOf(models, schedule);
  return Promise.all(
    rows.map(async ({ modelName, modelType, takenPrice, ...row }) => {
      const secondsEach = await usualTimes.secondsOf(modelName);
      const own = queues.filter((each) => each.modelType === modelType);
      const [queue] = own;
      const making =
        secondsEach === undefined
          ? undefined
          : aboutSeconds({ calls: row.calls - row.taken, secondsEach, queue, atOnce: atOnce !== false });
      const about = making && Math.max(making, secondsToGiveWay(settings, own));
      return { model_name: modelName, model_type: modelType, ...row, taken_price: takenPrice, about };
    }),
  );
}

/** Calls that are wanted by a time let those go before them that wait, and may take until then. */
function secondsToGiveWay(settings: unknown, queues: Queue[]): number {
  const { by } = readSessionSettings(isObject(settings) ? settings : {});
  const othersWait = queues.some(({ queued, givingWay }) => queued > givingWay);
  return by === undefined || !othersWait ? 0 : (by - Date.now()) / 1000;
}
