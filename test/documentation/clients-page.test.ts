/** The programs of docs/clients.md, run as they stand there against a gateway in the sandbox. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prismaFolder } from '../clients/newer-clients.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');

/** The word behind the fence -> how such a program is run, and its file's name. */
const languages: Record<string, { file: string; command: string[] }> = {
  sh: { file: 'program.sh', command: ['sh', '-eu'] },
  java: { file: 'Picture.java', command: ['java', '-cp', '/usr/share/java/postgresql.jar'] },
  python: { file: 'program.py', command: ['/usr/bin/python3'] },
  js: { file: 'program.mjs', command: [process.execPath] },
  r: { file: 'program.R', command: ['Rscript'] },
};

const programs = [...page.matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```/gm)].reduce<
  { heading: string; language: string; text: string }[]
>((found, [, heading, language, text]) => {
  if (heading !== undefined) found.push({ heading, language: '', text: '' });
  else found.push({ heading: found.at(-1)?.heading ?? '', language: language ?? '', text: text ?? '' });
  return found;
}, []);

let gateway: TestGateway;
let folder: string;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { hostname, port, username, password, pathname } = new URL(gateway.url);
  environment = {
    ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password },
    PGDATABASE: pathname.slice(1),
  };
  // Inside the repository, where Node finds the packages.
  folder = await mkdtemp(join(root, 'node_modules', '.documented-'));
});
afterAll(async () => {
  await gateway?.close();
  await rm(folder, { recursive: true, force: true });
});

const ofPrisma = ({ heading }: { heading: string }) => heading === 'Prisma';

test.each(programs.filter((program) => program.language !== '' && !ofPrisma(program)))(
  '$heading: $language',
  async ({ language, text }) => {
    const { file, command } = languages[language] ?? { file: '', command: [] };
    const [program = '', ...args] = command;
    const path = join(folder, file);
    await writeFile(path, text);
    const { stdout } = await runProgram(program, [...args, path], environment);
    expect(stdout).toMatch(language === 'java' ? /oss:\/\/demo\/jdbc\/.+\.png/ : /kettle/);
  },
);

test.skipIf(prismaFolder === undefined)(
  'Prisma: its schema and its program',
  async () => {
    const textOf = (wanted: string) =>
      programs.find((program) => ofPrisma(program) && program.language === wanted)?.text ?? '';
    const own = await mkdtemp(join(prismaFolder ?? '', 'node_modules', '.documented-'));
    try {
      await writeFile(join(own, 'schema.prisma'), textOf('prisma'));
      await writeFile(join(own, 'program.mjs'), textOf('js'));
      const cli = join(prismaFolder ?? '', 'node_modules/prisma/build/index.js');
      // Its schema engine is only for migrations, and would be downloaded.
      await runProgram(process.execPath, [cli, 'generate', '--schema', join(own, 'schema.prisma')], {
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      });
      const { stdout } = await runProgram(process.execPath, [join(own, 'program.mjs')], environment);
      expect(stdout).toMatch(/kettle.*\n.*lamp/);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  },
  120_000,
);
