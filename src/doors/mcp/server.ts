/** The MCP server: tools to list models, look, estimate, run what was approved, wait, and show pictures. @see https://modelcontextprotocol.io */
import { readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { packagePath } from '../../package-root.js';
import { createApprovals } from './approvals.js';
import { smallPicture } from './picture.js';
import { addRuns } from './runs.js';
import { type AgentSessions, openSessions } from './sessions.js';
import { json, telling } from './told.js';

export interface AgentDoor {
  server: McpServer;
  close(): Promise<void>;
}

const instructions = `hologen makes pictures, videos and texts with SQL: ai_gen(model, request [, file]) is a function in PostgreSQL.
First list_models. Then estimate a statement: it spends nothing and gives an approval code. Then run that code: the statement that was estimated, and no other. Then wait, and show a picture.
SELECT ai_gen('qwen_image_2', json_build_object('prompt', 'a red door', 'parameters', json_build_object('size', '1024*1024'))) makes one picture; over a table it makes one for each row.
query reads data and spends nothing; hologen.jobs has the calls that were made, with their outputs.`;

function ownVersion(): string {
  return (JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }).version;
}

const reads = { readOnlyHint: true, openWorldHint: false };

/** `mostMoney` in CNY, held by the gateway. `readOnly`: no tool spends, and the sessions could not. */
export function openAgentDoor(url: string, mostMoney: number, readOnly: boolean): AgentDoor {
  const sessions = openSessions(url, mostMoney);
  const server = new McpServer({ name: 'hologen', version: ownVersion() }, { instructions });
  addLooking(server, sessions);
  addEstimate(server, sessions, readOnly);
  return { server, close: sessions.close };
}

function addLooking(server: McpServer, sessions: AgentSessions): void {
  server.registerTool(
    'list_models',
    {
      description: 'The deployed models: what each makes, its sizes and limits, and its price.',
      annotations: reads,
    },
    () => telling(async () => json(await sessions.ask(modelsStatement))),
  );
  server.registerTool(
    'query',
    {
      description:
        'Runs one SQL statement that only reads; the first 200 rows. Calls of ai_gen are refused here: it spends nothing.',
      inputSchema: { sql: z.string() },
      annotations: reads,
    },
    ({ sql }) => telling(async () => json(await sessions.look(sql))),
  );
  server.registerTool(
    'show',
    {
      description:
        'Shows a picture that was made, by its oss:// path or by its job id; of a video its address.',
      inputSchema: {
        what: z.string().describe('an oss:// path, or a job_id of hologen.jobs'),
        index: z.number().int().min(0).default(0).describe('which of a job’s pictures, from 0'),
        side: z.number().int().min(64).max(2048).default(768).describe('pixels of the longer side'),
      },
      annotations: reads,
    },
    (asked) => telling(() => show(sessions, asked)),
  );
}

const modelsStatement = `SELECT model_name, task, model_type, scenarios, sizes, pictures, duration, reference_files, price
  FROM hologen.models ORDER BY task, model_name`;

async function show(
  sessions: AgentSessions,
  { what, index, side }: { what: string; index: number; side: number },
): Promise<CallToolResult> {
  const isPath = what.includes('://');
  const path = isPath ? what : await outputOf(sessions, what, index);
  // An address is fetched only where the ledger has it: an agent could be talked into asking for any other.
  const isAddress = !isPath && path.startsWith('http');
  const address = isAddress ? path : await addressOf(sessions, path);
  const text = { type: 'text' as const, text: `${path}\n${address}` };
  if (/\.mp4$/i.test(new URL(address).pathname)) return { content: [text] };
  const data = (await smallPicture(address, side)).toString('base64');
  return { content: [{ type: 'image', data, mimeType: 'image/jpeg' }, text] };
}

async function addressOf(sessions: AgentSessions, path: string): Promise<string> {
  const [signed] = await sessions.ask<{ url: string }>('SELECT hologen.file_url($1::text) AS url', [path]);
  return signed?.url ?? '';
}

/** Its path in the store, else the provider's address, which lives for a day. */
async function outputOf(sessions: AgentSessions, jobId: string, index: number): Promise<string> {
  const [job] = await sessions.ask<{ outputs: { url?: string; ossPath?: string }[] }>(
    'SELECT outputs FROM hologen.jobs WHERE job_id::text = $1',
    [jobId],
  );
  const output = job?.outputs[index];
  const found = output?.ossPath ?? output?.url;
  if (found) return found;
  throw new Error(
    job
      ? `job ${jobId} has ${job.outputs.length} outputs, counted from 0`
      : `there is no job ${jobId} of yours`,
  );
}

function addEstimate(server: McpServer, sessions: AgentSessions, readOnly: boolean): void {
  const approvals = createApprovals();
  server.registerTool(
    'estimate',
    {
      description: `Says what a statement with ai_gen would cost, and undoes what it wrote: nothing is sent or spent.${readOnly ? '' : ' Gives an approval code for run.'}`,
      inputSchema: { statement: z.string() },
      annotations: reads,
    },
    ({ statement }) =>
      telling(async () => {
        const estimates = await sessions.estimate(statement);
        const price = approvals.priceOf(estimates);
        const left = Math.max(0, sessions.mostMoney - sessions.promised);
        const told = {
          calls: estimates,
          price: price === null ? 'not known before it is made' : `CNY ${price.toFixed(2)}`,
        };
        if (readOnly) return json(told);
        const money = { may_still_spend: `CNY ${left.toFixed(2)}` };
        if (price === null || price > left + 1e-9)
          return json({
            ...told,
            ...money,
            approval: null,
            why: price === null ? unpriced : 'that is more than this session may still spend',
          });
        return json({ ...told, ...money, approval: approvals.add({ statement, estimates, price }) });
      }),
  );
  if (!readOnly) addRuns(server, sessions, approvals.take);
}

const unpriced =
  'this session has a limit of money, and what this costs is not known before; a text model needs a bound, "parameters": {"max_tokens": …} in its request';
