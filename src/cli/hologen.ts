#!/usr/bin/env node
/** The command line: one file a command, each with its own --help; exit 0 done, 1 failed, 2 wrong usage. */
import { UsageError } from '../settings.js';
import { checkCommand } from './check.js';
import type { Command } from './command.js';
import { demoCommand } from './demo.js';
import { migrateCommand } from './migrate.js';
import { serveCommand } from './serve.js';
import { urlCommand } from './url.js';

const commands: Record<string, Command> = {
  serve: serveCommand,
  url: urlCommand,
  demo: demoCommand,
  check: checkCommand,
  migrate: migrateCommand,
};

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await run(name, args);

async function run(name: string, args: string[]): Promise<number> {
  if (['', '--help', '-h', 'help'].includes(name)) {
    console.log(overview());
    return name === '' ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(`hologen: there is no command "${name}"\n\n${overview()}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.help);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    console.error(`hologen ${name}: ${(error as Error).message}`);
    if (error instanceof UsageError) console.error(`See hologen ${name} --help.`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, command]) => `  ${name.padEnd(8)} ${command.summary}`);
  return `hologen: a PostgreSQL-wire gateway that gives any SQL client Hologres' ai_gen\n\nhologen COMMAND [--help]\n${lines.join('\n')}`;
}
