/** `hologen mcp`: the gateway as tools for an agent, over the Model Context Protocol on standard input and output. */
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { openAgentDoor } from '../doors/mcp/server.js';
import { readRunFile } from '../run-file.js';
import type { Configuration } from '../settings/configuration.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';

const flags: SettingName[] = ['url', 'spendAtMost', 'dataDir'];

export const mcpCommand: Command = {
  summary: 'serve an agent over the Model Context Protocol',
  help: helpText(
    'mcp [--read-only] [options]',
    'Speaks MCP on standard input and output, so an agent’s program starts it: list models with prices, look at data, estimate a\nstatement, run it when it is approved, wait for it, show its pictures. What a session may spend is held by the gateway.',
    flags,
    '\n  --read-only              no tool that runs what was estimated: such a session spends nothing',
  ),
  async run(args) {
    const { configuration, switches } = readSettings(args, process.env, flags, { switches: ['read-only'] });
    const readOnly = switches.has('read-only');
    const url = await findGateway(configuration);
    const door = openAgentDoor(url, readOnly ? 0 : configuration.mcp.spendAtMost, readOnly);
    const closed = new Promise<void>((resolve) => {
      door.server.server.onclose = resolve;
    });
    await door.server.connect(new StdioServerTransport());
    // The agent's program ends a session by closing our input.
    process.stdin.once('end', () => void door.server.close());
    await closed;
    await door.close();
    return 0;
  },
};

async function findGateway({ gatewayUrl, dataDirectory }: Configuration): Promise<string> {
  if (gatewayUrl) return gatewayUrl;
  const running = await readRunFile(dataDirectory);
  if (running) return running.postgres;
  throw new Error(
    `no gateway runs on ${dataDirectory}; start one with hologen serve, or name one: hologen mcp --url postgresql://role:password@host:port/hologen`,
  );
}
