/** `hologen reload`: a running gateway reads its settings again. */
import { type Command, helpText } from './command.js';
import { operate, operatorFlags } from './operate.js';

export const reloadCommand: Command = {
  summary: 'let the running gateway read its settings again',
  help: helpText(
    'reload [options]',
    'The gateway reads its settings file and certificate again. Prints a line for each setting that is written otherwise now: changed, or\nneeds a restart. What makes no sense changes nothing, and is told with exit code 1. As CALL reload_settings(), and SIGHUP.',
    operatorFlags,
  ),
  run: (args) =>
    operate(args, {}, () => async (client) => {
      const { rows } = await client.query<{ changed: string[]; need_restart: string[] }>(
        'CALL hologen.reload_settings()',
      );
      const { changed = [], need_restart: needRestart = [] } = rows[0] ?? {};
      for (const name of changed) console.log(`changed ${name}`);
      for (const name of needRestart) console.log(`needs a restart: ${name}`);
      if (changed.length + needRestart.length === 0) console.log('nothing is written otherwise');
      return 0;
    }),
};
