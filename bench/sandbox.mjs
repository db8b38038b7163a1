/** The sandbox as a process of its own, so that its work is not counted as the gateway's; told over IPC how long calls take. */
import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { createCredentialRegistry } from '../dist/sandbox/credentials.js';
import { sandboxKeys } from '../dist/sandbox/keys.js';
import { startModelStudio } from '../dist/sandbox/model-studio/server.js';
import { startObjectStore } from '../dist/sandbox/object-store/server.js';
import { startSts } from '../dist/sandbox/sts/server.js';

const directory = process.argv[2] ?? '';
const credentials = createCredentialRegistry();
const [studio, store, sts] = await Promise.all([
  startModelStudio({ directory: join(directory, 'results'), rateLimits: 'off' }),
  startObjectStore({ directory: join(directory, 'oss'), credentials }),
  startSts({ credentials, baseAccessKeys: [sandboxKeys] }),
]);
await store.createBucket('bench', '*');

/** Requests in the sandbox's hands: now, and the most at once and all together since the last question. */
let inside = 0;
let most = 0;
let calls = 0;
const isCall = ({ server, request }) =>
  request.method === 'POST' && `http://127.0.0.1:${server.address()?.port}` === studio.url;
subscribe('http.server.request.start', (event) => {
  if (!isCall(event)) return;
  calls++;
  most = Math.max(most, ++inside);
});
subscribe('http.server.response.finish', (event) => {
  if (isCall(event)) inside--;
});

process.on('message', (latencyMs) => {
  Object.assign(studio.settings, { textMs: latencyMs, imageMs: latencyMs });
  process.send({ mostAtOnce: most, calls });
  most = 0;
  calls = 0;
});
process.on('disconnect', () => process.exit());
console.log(
  `ready ${JSON.stringify({ modelStudio: studio.url, oss: store.url, sts: sts.url, keys: sandboxKeys })}`,
);
