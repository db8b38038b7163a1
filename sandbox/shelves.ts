/** What the sandbox has from the start: the buckets and objects that the documentation's examples name. */

import { drawPicture } from './media/pictures.js';
import type { ObjectStore } from './object-store/server.js';

const folder = 'holo_ai_powered_marketing_content';

const samples = {
  portrait: { title: 'sample picture', prompt: 'Chibi-style Liu Bei', seed: 3 },
  rider: { title: 'sample picture', prompt: 'Liu Bei on a tall warhorse, futuristic data city', seed: 8 },
  gold: { title: 'sample picture', prompt: 'golden man', seed: 21 },
  stone: { title: 'sample picture', prompt: 'stone man', seed: 34 },
} as const;

/** bucket -> key -> sample. Keys without an ending are placeholders of the documentation, and pictures all the same. */
const shelves: Record<string, Record<string, keyof typeof samples>> = {
  xxx: {
    [`${folder}/xxx`]: 'portrait',
    [`${folder}/xx`]: 'portrait',
    [`${folder}/yyyy`]: 'rider',
    [`${folder}/c8403238-3c88-44a6-ac85-2e5447e987b2.png`]: 'portrait',
    [`${folder}/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png`]: 'rider',
    [`${folder}/39dd0230-5260-48b7-98cd-17c2a58b5052-1.png`]: 'rider',
  },
  xxxx: { [`${folder}/xxx`]: 'portrait' },
  'hm-ai-hangzhou': {
    [`${folder}/c8403238-3c88-44a6-ac85-2e5447e987b2.png`]: 'portrait',
    [`${folder}/bde5d500-5efc-4d77-9651-6d6bd81906fe-1.png`]: 'rider',
  },
  'hm-ai-xxx': { [`${folder}/xxx`]: 'portrait' },
  bucket: { 'path/golden_man.png': 'gold', 'path/stone_man.png': 'stone' },
  demo: {},
};

const sampleSide = 1024;
const soundKey = 'path/background.mp3';

/** Puts what is missing; objects that a person changed stay. */
export async function stockShelves(store: ObjectStore): Promise<void> {
  // Any region is fine for them: the examples are tried with endpoints of every region.
  for (const bucket of Object.keys(shelves)) await store.createBucket(bucket, '*');
  const drawn = new Map<keyof typeof samples, Promise<Buffer>>();
  const draw = (name: keyof typeof samples) => {
    const picture =
      drawn.get(name) ??
      drawPicture({ width: sampleSide, height: sampleSide, references: [], ...samples[name] });
    drawn.set(name, picture);
    return picture;
  };
  for (const [bucket, objects] of Object.entries(shelves)) {
    const present = new Set(await store.list(bucket));
    for (const [key, sample] of Object.entries(objects)) {
      if (!present.has(key)) await store.put(bucket, key, await draw(sample), 'image/png');
    }
  }
  if (!(await store.list('bucket', soundKey)).length)
    await store.put('bucket', soundKey, silentMp3(), 'audio/mpeg');
}

/** Ten seconds of silence: MPEG-1 layer III frames of 128 kbit/s at 44.1 kHz (417 bytes, 1152 samples each) with nothing in them. */
function silentMp3(): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0xc4]);
  const frames = Math.ceil((10 * 44_100) / 1152);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
