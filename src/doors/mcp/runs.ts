/** The tools that spend: run what was approved, wait for it, cancel it. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import type { Approvals } from './approvals.js';
import type { AgentSessions, Run } from './sessions.js';
import { json, telling } from './told.js';

type RunOf = (id: number) => Run;

export function addRuns(server: McpServer, sessions: AgentSessions, approved: Approvals['take']): void {
  const runs = new Map<number, Run>();
  const runOf: RunOf = (id) => {
    const run = runs.get(id);
    if (run) return run;
    throw new Error(`there is no run ${id}`);
  };
  server.registerTool(
    'run',
    {
      description:
        'Runs the statement of an approval code from estimate. It spends money. Returns at once with the number to wait for.',
      inputSchema: { approval: z.string() },
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    ({ approval }) =>
      telling(async () => {
        const { statement, estimates, price } = approved(approval);
        if (!(await personAgrees(server, statement, price)))
          return json({ run: null, why: 'the person declined' });
        const run = sessions.begin(statement, estimates);
        runs.set(run.id, run);
        return json({ run: run.id });
      }),
  );
  addWait(server, runOf);
  addCancel(server, sessions, runOf);
}

function addWait(server: McpServer, runOf: RunOf): void {
  server.registerTool(
    'wait',
    {
      description:
        'Waits for a run up to some seconds and tells its rows, or how far it is. Call it again while the state is running.',
      inputSchema: { run: z.number().int(), seconds: z.number().min(0).max(55).default(30) },
      annotations: { readOnlyHint: true },
    },
    ({ run: id, seconds }, { signal }) =>
      telling(async () => {
        const run = runOf(id);
        const patience = new AbortController();
        const timer = setTimeout(() => patience.abort(), seconds * 1000);
        const tired = new Promise((resolve) => {
          for (const each of [patience.signal, signal])
            each.addEventListener('abort', resolve, { once: true });
        });
        await Promise.race([run.over, tired]);
        clearTimeout(timer);
        return json(describe(run));
      }),
  );
}

function addCancel(server: McpServer, sessions: AgentSessions, runOf: RunOf): void {
  server.registerTool(
    'cancel',
    {
      description:
        'Cancels a run: what was not sent is dropped, what the provider works on goes on and is paid for.',
      inputSchema: { run: z.number().int() },
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ run: id }) =>
      telling(async () => {
        const run = runOf(id);
        if (run.endedAt === undefined) await sessions.cancel();
        return json(describe(run));
      }),
  );
}

/** Where the agent's program can ask its person, it does; elsewhere the program's own question before a tool that spends is the approval. */
async function personAgrees(server: McpServer, statement: string, price: number): Promise<boolean> {
  if (!server.server.getClientCapabilities()?.elicitation) return true;
  const { action } = await server.server.elicitInput({
    message: `Run this for CNY ${price.toFixed(2)}?\n\n${statement}`,
    requestedSchema: { type: 'object', properties: {} },
  });
  return action === 'accept';
}

function describe(run: Run) {
  const { problem, result, notices, startedAt, endedAt } = run;
  return {
    run: run.id,
    state: endedAt === undefined ? 'running' : problem ? 'failed' : 'done',
    seconds: Math.round(((endedAt ?? Date.now()) - startedAt) / 100) / 10,
    ...(problem !== undefined && { problem }),
    ...(endedAt === undefined && notices.length > 0 && { progress: notices.at(-1) }),
    ...result,
  };
}
