/** runtime.json in the data directory: where a running gateway is, for scripts and for `hologen url`. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { socketAnswers } from './engine/embedded.js';

export interface RunFile {
  pid: number;
  postgres: string;
  console: string | null;
  /** What an OpenAI client takes as its base URL. */
  openai: string | null;
  /** Makes one-time addresses that sign the owner in to the console. */
  ticketKey: string | null;
  /** Base of /metrics, /healthz and /readyz. */
  metrics: string | null;
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

/** Where `hologen demo` has its own gateway. */
export function demoDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'demo');
}

/** The gateway that runs on this directory, else the demo's in it. */
export async function findRunning(
  dataDirectory: string,
): Promise<{ directory: string; running: RunFile } | undefined> {
  for (const directory of [dataDirectory, demoDirectory(dataDirectory)]) {
    const running = await readRunFile(directory);
    if (running) return { directory, running };
  }
  return undefined;
}

/** Undefined when no gateway runs there. One left by a killed gateway counts as none, also when its process id lives again in another program. */
export async function readRunFile(dataDirectory: string): Promise<RunFile | undefined> {
  const text = await readFile(join(dataDirectory, fileName), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const content = JSON.parse(text) as RunFile;
  const { hostname, port } = new URL(content.postgres);
  const host = hostname.replace(/^\[|\]$/g, '');
  return isRunning(content.pid) && (await socketAnswers({ host, port: Number(port) })) ? content : undefined;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
