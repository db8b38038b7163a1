/** `hologen pause` and `hologen resume`: whether anything of a model is sent. */
import { type Command, helpText } from './command.js';
import { operate, operatorFlags, requireWords } from './operate.js';

export const pauseCommand: Command = {
  summary: 'send nothing more of a model until it is resumed',
  help: helpText(
    'pause MODEL [REASON] [options]',
    'Nothing more of the model’s type is sent, by whatever gateway, until it is resumed; also over a restart. Calls wait, and whoever\nwaits is told by whom it is paused, and the reason. What was sent goes on. As CALL pause_model(…).',
    operatorFlags,
  ),
  run: (args) =>
    operate(args, { words: true }, (asked) => {
      const [model, ...reason] = requireWords(asked, 1, Number.POSITIVE_INFINITY, 'a MODEL');
      return async (client) => {
        await client.query('CALL hologen.pause_model($1, $2)', [model, reason.join(' ') || null]);
        console.log(`paused ${model}; hologen resume ${model} lets it go on`);
        return 0;
      };
    }),
};

export const resumeCommand: Command = {
  summary: 'let the calls of a paused model go on',
  help: helpText(
    'resume MODEL [options]',
    'Lets the calls of a paused model go on. As CALL resume_model(…).',
    operatorFlags,
  ),
  run: (args) =>
    operate(args, { words: true }, (asked) => {
      const [model] = requireWords(asked, 1, 1, 'one MODEL');
      return async (client) => {
        await client.query('CALL hologen.resume_model($1)', [model]);
        console.log(`resumed ${model}`);
        return 0;
      };
    }),
};
