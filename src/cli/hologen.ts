#!/usr/bin/env node
/**
 * The command line: one file a command, each with its own --help; exit 0 done, 1 failed, 2 wrong usage; image tells more.
 *
 * Room: src/cli holds the commands, a file each.
 */
import { UsageError } from '../errors.js';
import type { Command } from './command.js';

// Loaded when asked for: `hologen url` in a script should not wait for the whole gateway to be read.
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./serve.js')).serveCommand,
  url: async () => (await import('./url.js')).urlCommand,
  open: async () => (await import('./open.js')).openCommand,
  demo: async () => (await import('./demo.js')).demoCommand,
  image: async () => (await import('./image.js')).imageCommand,
  check: async () => (await import('./check.js')).checkCommand,
  pause: async () => (await import('./pause.js')).pauseCommand,
  resume: async () => (await import('./pause.js')).resumeCommand,
  drain: async () => (await import('./drain.js')).drainCommand,
  undrain: async () => (await import('./drain.js')).undrainCommand,
  reload: async () => (await import('./reload.js')).reloadCommand,
  retry: async () => (await import('./retry.js')).retryCommand,
  mcp: async () => (await import('./mcp.js')).mcpCommand,
  migrate: async () => (await import('./migrate.js')).migrateCommand,
};

const [name = '', ...args] = process.argv.slice(2);
process.exitCode = await run(name, args);

async function run(name: string, args: string[]): Promise<number> {
  if (['', '--help', '-h', 'help'].includes(name)) {
    console.log(await overview());
    return name === '' ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? await commands[name]?.() : undefined;
  if (!command) {
    console.error(`hologen: there is no command "${name}"\n\n${await overview()}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.help);
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    // Errors of the engine and our own often say how to mend them.
    const { message, detail, hint } = error as Error & { detail?: string; hint?: string };
    console.error([`hologen ${name}: ${message}`, detail, hint].filter(Boolean).join('\n  '));
    if (error instanceof UsageError) console.error(`See hologen ${name} --help.`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function overview(): Promise<string> {
  const loaded = Object.entries(commands).map(async ([name, load]) => [name, await load()] as const);
  const lines = (await Promise.all(loaded)).map(
    ([name, command]) => `  ${name.padEnd(8)} ${command.summary}`,
  );
  return `hologen: a PostgreSQL-wire gateway that gives any SQL client Hologres' ai_gen\n\nhologen COMMAND [--help]\n${lines.join('\n')}`;
}
