/**
 * All that Alibaba's own command-line client (aliyun/hologres-ai-plugins) and its skills ask of a server, a check for each statement and
 * command. What PostgreSQL cannot carry stands apart: it is refused in words.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { recordVideo } from '../../sandbox/media/videos.js';
import { putObject } from '../calls/statements.js';
import { startTestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';
import { ai, film, model, setUp } from './hologres-client/ai.js';
import type { Answer, Check } from './hologres-client/check.js';
import { guc, notCarried, others, partition, server, skills, tables } from './hologres-client/commands.js';

const program = fileURLToPath(new URL('hologres_cli.py', import.meta.url));
const parts: [name: string, checks: Check[]][] = [
  ['session', setUp],
  ['model', model],
  ['ai', ai],
  ['status, instance, warehouse', server],
  ['schema, table, view, extension, sql, data', tables],
  ['partition', partition],
  ['guc', guc],
  ['foreign, dt', others],
  ['skills', skills],
  ['not carried', notCarried],
];
const answers: Answer[] = [];

/** Each command on a connection of its own, in order, as the client runs them. */
beforeAll(async () => {
  await using gateway = await startTestGateway({ sandboxImageMs: '1', sandboxVideoMs: '1' });
  const look = { width: 320, height: 320, title: 'film', prompt: 'film', references: [], seed: 1 };
  await putObject(gateway.dataDir, film, await recordVideo({ ...look, durationSeconds: 3 }));
  const commands = parts.flatMap(([, checks]) => checks.map(([, command]) => command));
  const { stdout } = await runProgram('/usr/bin/python3', [program, gateway.url, JSON.stringify(commands)], {
    PYTHONDONTWRITEBYTECODE: '1',
  });
  for (const line of stdout.trim().split('\n')) answers.push(JSON.parse(line));
  expect(answers).toHaveLength(commands.length);
});

let place = 0;
for (const [part, checks] of parts) {
  describe(part, () => {
    test.each(checks.map(([name, , expected]): [string, Check[2], number] => [name, expected, place++]))(
      '%s',
      (_name, expected, index) => {
        const answer = answers[index] as Answer;
        expect(answer.state).toBe('IDLE');
        if (typeof expected === 'function') return expected(answer);
        expect(answer.error).toBeUndefined();
        expect(answer.rows).toMatchObject(expected);
      },
    );
  });
}
