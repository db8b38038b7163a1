/** runtime.json in the data directory: where a running gateway is, for scripts and for `hologen url`. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RunFile {
  pid: number;
  postgres: string;
  console: string | null;
  sandbox: { modelStudio: string; oss: string; sts: string } | null;
}

const fileName = 'runtime.json';

/** Readable by the gateway's user only: the URL holds the owner's password. */
export async function writeRunFile(dataDirectory: string, content: RunFile): Promise<void> {
  const path = join(dataDirectory, fileName);
  await rm(path, { force: true });
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

export async function removeRunFile(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, fileName), { force: true });
}

/** Undefined when no gateway runs there. One left by a killed gateway counts as none. */
export async function readRunFile(dataDirectory: string): Promise<RunFile | undefined> {
  const text = await readFile(join(dataDirectory, fileName), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const content = JSON.parse(text) as RunFile;
  try {
    process.kill(content.pid, 0);
    return content;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? content : undefined;
  }
}
