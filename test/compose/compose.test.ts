/** docker-compose.yml on a real Docker engine: up, a picture over psql, the gateway restarted, its job still there, everything down. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const password = randomBytes(16).toString('hex');
const slowestStartMs = 600_000;
const picture = `SELECT ai_gen('qwen_image_2_pro', '{"prompt":"a lake","output_dir":"oss://demo/compose/"}',
  to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::1:role/test'))::json->'image_oss_paths'->>0`;

const missing = whyNoDocker();
if (missing) console.log(`docker-compose.yml is not tested here: ${missing}`);

/** Undefined when an engine answers and its command line knows `compose`. */
function whyNoDocker(): string | undefined {
  for (const args of [['info'], ['compose', 'version']]) {
    const { error, status, stderr } = spawnSync('docker', args, { encoding: 'utf8', timeout: 60_000 });
    if (error || status !== 0)
      return `docker ${args.join(' ')}: ${error?.message ?? stderr.trim().split('\n')[0]}`;
  }
  return undefined;
}

test('docker-compose.yml has no password, and says with which line one is made', () => {
  const compose = readFileSync(`${root}/docker-compose.yml`, 'utf8');
  const uses = [...compose.matchAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g)].map(([use]) => use);
  expect(uses).toEqual([
    expect.stringMatching(/^\$\{POSTGRES_PASSWORD:\?.*openssl rand -hex 16.*>> \.env\}$/),
    expect.stringMatching(/^\$\{POSTGRES_PASSWORD\}$/),
  ]);
  for (const page of ['README.md', 'docs/running.md', '.env.example', 'docker-compose.yml'])
    expect(readFileSync(`${root}/${page}`, 'utf8')).toContain(
      'echo POSTGRES_PASSWORD=$(openssl rand -hex 16) >> .env',
    );
});

describe.skipIf(missing)('docker compose', () => {
  let environment: StartedDockerComposeEnvironment;

  beforeAll(async () => {
    // Also where no helper container can be had that cleans up after a killed test run: this test cleans up itself.
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
    environment = await new DockerComposeEnvironment(root, 'docker-compose.yml')
      .withBuild()
      .withEnvironmentFile('/dev/null')
      .withEnvironment({
        ...withoutAccount(),
        POSTGRES_PASSWORD: password,
        HOLOGEN_PUBLISHED_PORT: '127.0.0.1:0',
        HOLOGEN_PUBLISHED_CONSOLE_PORT: '127.0.0.1:0',
      })
      .withStartupTimeout(slowestStartMs)
      .withWaitStrategy('engine-1', Wait.forHealthCheck())
      .withWaitStrategy('gateway-1', Wait.forHealthCheck())
      .up();
  }, slowestStartMs);
  afterAll(async () => {
    await environment?.down({ removeVolumes: true });
  }, slowestStartMs);

  function query(sql: string): Promise<string> {
    const gateway = environment.getContainer('gateway-1');
    const url = `postgresql://hologen:${password}@${gateway.getHost()}:${gateway.getMappedPort(15432)}/hologen`;
    return runProgram('psql', ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql, url]).then(
      ({ stdout }) => stdout.trim(),
    );
  }

  test('nothing starts without a password', () => {
    const { status, stderr } = spawnSync('docker', ['compose', '--env-file', '/dev/null', 'config'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...withoutAccount(), POSTGRES_PASSWORD: '' },
      timeout: 60_000,
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('make one first: echo POSTGRES_PASSWORD=');
  });

  test(
    'psql gets a picture, and a restarted gateway still knows the job',
    async () => {
      const path = await query(picture);
      expect(path).toMatch(/^oss:\/\/demo\/compose\/.+\.png$/);
      const jobs = 'SELECT state, outputs::text FROM hologen.jobs';
      const before = await query(jobs);
      expect(before).toMatch(/^succeeded\|/);
      expect(before).toContain(path);

      await environment.getContainer('gateway-1').restart();
      expect(await query(jobs)).toBe(before);
      expect(await query(picture)).not.toBe(path);
    },
    slowestStartMs,
  );

  test('the gateway is an ordinary user on a read-only file system, and hologen check finds nothing wrong', async () => {
    const gateway = environment.getContainer('gateway-1');
    const { output: account } = await gateway.exec(['id', '-u']);
    expect(account.trim()).not.toBe('0');
    expect((await gateway.exec(['touch', '/app/x'])).exitCode).not.toBe(0);
    const { output, exitCode } = await gateway.exec(['hologen', 'check']);
    expect(output).toMatch(/^ok +log of the engine/m);
    expect({ output, exitCode }).toEqual({ output: expect.not.stringMatching(/^failed/m), exitCode: 0 });
  });
});

/** The person who runs the tests may have an account, in a .env or in the shell; the test is about the sandbox. */
function withoutAccount(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(DASHSCOPE|ALIBABA_CLOUD|HOLOGEN|POSTGRES)_/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, '']));
}
