/** A second provider, tiny as it is, keeps the contract. */
import { providerContract } from '../../contracts/provider.js';
import { tinyProvider } from './driver.js';
import { startTinyProvider, tinyKey } from './server.js';

providerContract('tiny', async () => {
  const tiny = await startTinyProvider();
  const model = { name: 'tiny', task: 'image-generation', apiKey: undefined, config: {} };
  return {
    provider: tinyProvider(tiny.url, tinyKey),
    atOnce: { ...model, modelType: 'tiny-grey' },
    byTask: { ...model, modelType: 'tiny-grey-later' },
    request: JSON.stringify({ prompt: 'fog' }),
    wrongRequest: JSON.stringify({ size: 'large' }),
    wrongKey: 'tiny-wrong',
    received: () => tiny.state.received,
    loseNextAnswer: () => {
      tiny.state.losing = true;
    },
    [Symbol.asyncDispose]: tiny[Symbol.asyncDispose],
  };
});
