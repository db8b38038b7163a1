/** A data directory in which a gateway was started once: copies of it spare each test file an initdb and hologen's own objects. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

const run = promisify(execFile);

declare module 'vitest' {
  interface ProvidedContext {
    /** Where all test files of a run look for it. */
    readyMade: string;
  }
}

let place: string;

/** Vitest calls it before the first file: there is a place for it until the run is over. */
export async function setup({ provide }: TestProject): Promise<void> {
  place = await mkdtemp(join(tmpdir(), 'hologen-ready-made-'));
  // Root's engine runs under an account of its own, which must be able to walk in.
  await chmod(place, 0o711);
  provide('readyMade', place);
}

export async function teardown(): Promise<void> {
  await rm(place, { recursive: true, force: true });
}

/**
 * A new data directory, ready to start. The first test file that asks has it made; whoever asks meanwhile gets an empty one.
 */
export async function newDataDir(
  empty: boolean,
  startAndStop: (dataDir: string) => Promise<void>,
): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'hologen-test-'));
  if (empty) return dataDir;
  const folder = inject('readyMade');
  const made = join(folder, 'made');
  if (!existsSync(made) && (await isFirst(join(folder, 'making')))) {
    const draft = join(folder, 'draft');
    await mkdir(draft, { mode: 0o711 });
    await startAndStop(draft);
    // What tells of the gateway that made it, and of its cloud.
    for (const name of ['runtime.json', 'engine.log', 'sandbox'])
      await rm(join(draft, name), { recursive: true, force: true });
    await rename(draft, made);
  }
  if (existsSync(made)) await run('cp', ['-a', `${made}/.`, dataDir]);
  return dataDir;
}

async function isFirst(mark: string): Promise<boolean> {
  return mkdir(mark).then(
    () => true,
    () => false,
  );
}
