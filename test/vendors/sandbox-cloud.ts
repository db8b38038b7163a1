/** The whole sandbox for a test, and a way to it for clients that dial Alibaba's own host names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, startCloud } from '../../sandbox/cloud.js';

export interface TestCloud extends Cloud, AsyncDisposable {
  /** The object store under a regional host name; dialled with `agent`. */
  ossEndpoint: string;
  agent: Agent;
}

export async function startTestCloud(): Promise<TestCloud> {
  const directory = await mkdtemp(join(tmpdir(), 'hologen-vendors-'));
  const cloud = await startCloud({ directory, imageMs: 1, videoMs: 1, documentedLimits: false });
  // Names of Alibaba's lead to this machine, as with an entry in /etc/hosts.
  const agent = new Agent({
    lookup: (_host, options, found) =>
      options.all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4),
  });
  return {
    ...cloud,
    agent,
    ossEndpoint: `http://oss-cn-hangzhou.aliyuncs.com:${new URL(cloud.oss).port}`,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await cloud.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
