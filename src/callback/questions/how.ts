/** What a statement's calls would cost, how they would be made (at once, in stages, one after another and why), and how long: told without making any. */

import type { Estimate } from '../../calls/dry-run.js';
import { queuesOf } from '../../calls/queues.js';
import type { Json } from '../../json.js';
import { aboutSeconds } from '../../pace/about.js';
import { type Answers, originOf, type QuestionTools } from './question.js';

export function answerAboutHow(tools: QuestionTools): Answers {
  const { reader, calls } = tools;
  return {
    estimate: (question, caller) => estimated(calls.estimate(originOf(caller)), question, tools),
    /** What has to be planned to tell, or how already; null where its author chose an order. */
    how_read({ statement }) {
      const text = String(statement);
      const staged = reader.isStaged(text);
      if (staged !== false) return { how: staged ? atOnce : null };
      const read = reader.aheadQuery(text);
      if ('stored' in read) return { how: null };
      if ('why' in read) return { how: read.why === undefined ? null : oneAfterAnother(read.why) };
      return { explain: read.forStage(1), query: read.text, stages: read.stages };
    },
    /** By the plan, and unless a name in it is unsure. */
    how_planned({ statement, plan, stages }) {
      const judged = reader.judgePlan(plan, { text: String(statement) }, 'all');
      if ('why' in judged) return { how: oneAfterAnother(judged.why) };
      return { ...judged, how: Number(stages) > 1 ? `${atOnce} in ${stages} stages` : atOnce };
    },
    how_unsure: ({ unsure }) => ({ how: oneAfterAnother(`${unsure} may give something else each time`) }),
  };
}

const atOnce = 'at once';

function oneAfterAnother(why: string): string {
  return `one after another: ${why}`;
}

/** `atOnce`: how they would be made. */
async function estimated(rows: Estimate[], { atOnce }: Json, tools: QuestionTools): Promise<Json[]> {
  const { models, schedule, usualTimes } = tools;
  const queues = await queuesOf(models, schedule);
  return Promise.all(
    rows.map(async ({ modelName, modelType, ...row }) => {
      const secondsEach = await usualTimes.secondsOf(modelName);
      const queue = queues.find((each) => each.modelType === modelType);
      const about =
        secondsEach === undefined
          ? undefined
          : aboutSeconds({ calls: row.calls, secondsEach, queue, atOnce: atOnce !== false });
      return { model_name: modelName, model_type: modelType, ...row, about };
    }),
  );
}
