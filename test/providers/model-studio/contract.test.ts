/** Model Studio's driver, before the sandbox, keeps the contract of providers. */

import { createSchedule } from '../../../src/pace/schedule.js';
import { openModelStudio } from '../../../src/providers/model-studio/open.js';
import { startSpeaker } from '../../calls/own-cloud.js';
import { providerContract } from '../../contracts/provider.js';
import { startStudio } from '../../sandbox/model-studio/studio-client.js';

providerContract('Model Studio', async () => {
  const client = await startStudio({ rateLimits: 'off', imageMs: 200, pendingMs: 100 });
  const speaker = await startSpeaker(client.studio.url);
  const known = new Set<string>();
  const provider = await openModelStudio(
    { baseUrl: `${speaker.url}/api/v1`, regions: [], apiKey: 'sk-test', rates: 'off', lookMs: 20 },
    {
      ledger: { knownTasks: async (ids) => new Set(ids.filter((id) => known.has(id))) },
      schedule: createSchedule(false),
    },
  );
  const model = { name: 'model', task: 'image-generation', apiKey: undefined, config: {} };
  const atOnce = { ...model, modelType: 'qwen-image-2.0' };
  const byTask = { ...model, modelType: 'wan2.6-t2i' };
  const submits = () => speaker.submits('qwen-image-2.0') + speaker.submits('wan2.6-t2i');
  return {
    provider,
    atOnce,
    byTask,
    request: JSON.stringify({ prompt: 'fog' }),
    wrongRequest: JSON.stringify({ prompt: 'fog', sise: 'large' }),
    wrongKey: 'sk-sp-wrong',
    received: submits,
    loseNextAnswer: ({ modelType }) => speaker.script(modelType, 'lost'),
    async [Symbol.asyncDispose]() {
      await Promise.all([provider.close(), speaker.close()]);
      await client[Symbol.asyncDispose]();
    },
  };
});
