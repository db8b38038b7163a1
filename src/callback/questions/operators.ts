/** Questions of operators: what is sent for now and what is not, which gateways there are and whether they take calls. */
import { KnownError } from '../../errors.js';
import { refuse, requiredText } from '../../fields.js';
import { textOf } from '../../json.js';
import type { Catalogue } from '../../ledger/models.js';
import type { Answers, QuestionTools } from './question.js';
import { requireAdmin } from './rights.js';

/** In characters: everybody who waits is shown it. */
const longestReason = 200;
const mostNamed = 20;

export function answerAboutOperation(tools: QuestionTools): Answers {
  return {
    ...answerAboutPauses(tools),
    ...answerAboutGateways(tools),
    /** Answers the names of what holds from now on, and of what needs a restart. */
    async reload_settings(_question, caller) {
      requireAdmin(caller, 'reading the settings again');
      const { changed, needRestart } = await tools.reload();
      return { changed, need_restart: needRestart };
    },
  };
}

function answerAboutGateways({ calls, draining }: QuestionTools): Answers {
  const waitingStatements = () =>
    calls.progress().filter(({ queued, running, saving }) => queued + running + saving > 0).length;
  return {
    /** Answers what is left. */
    async drain_gateway(_question, caller) {
      requireAdmin(caller, 'draining a gateway');
      await draining.begin(caller.role);
      const [own] = await draining.gateways();
      return { waiting_statements: waitingStatements(), open_calls: own?.openCalls };
    },
    async undrain_gateway(_question, caller) {
      requireAdmin(caller, 'ending the draining of a gateway');
      await draining.end();
    },
    gateways: async () =>
      (await draining.gateways()).map(({ id, isThis, drain, openCalls }) => ({
        ...{ gateway_id: id, serves_me: isThis, draining_since: drain?.since, drained_by: drain?.by },
        ...{ waiting_statements: isThis ? waitingStatements() : null, open_calls: openCalls },
      })),
  };
}

function answerAboutPauses({ models, pauses, schedule }: QuestionTools): Answers {
  return {
    async pause_model(question, caller) {
      requireAdmin(caller, 'pausing a model');
      const why = textOf(question.reason);
      if (why !== undefined && why.length > longestReason)
        refuse('reason', why, `a text of at most ${longestReason} characters`);
      const name = requiredText(question, 'model_name');
      await pauses.set(await typeOf(name, models.catalogue), caller.role, why);
      schedule.pause(await pauses.list());
    },
    async resume_model(question, caller) {
      requireAdmin(caller, 'resuming a model');
      const name = requiredText(question, 'model_name');
      // Another gateway may have paused it, and this one not have heard.
      schedule.pause(await pauses.list());
      // What is paused need not be deployed any more.
      const isPaused = schedule.pauseOf(name) !== undefined;
      await pauses.remove(isPaused ? name : await typeOf(name, models.catalogue));
      schedule.pause(await pauses.list());
    },
  };
}

/** Calls wait in one line with those of the other names of their type: the name of a deployed model stands for its type. */
async function typeOf(name: string, catalogue: Catalogue): Promise<string> {
  const deployed = await catalogue.list();
  const model =
    deployed.find((each) => each.name === name) ?? deployed.find((each) => each.modelType === name);
  if (model) return model.modelType;
  throw new KnownError({
    kind: 'undefinedObject',
    message: `external model "${name}" does not exist`,
    hint: `Deployed: ${
      deployed
        .slice(0, mostNamed)
        .map((each) => each.name)
        .join(', ') || 'none'
    }. A model type stands for all its names.`,
  });
}
