/** Every row of the tables of request bodies, and the files that they name. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordVideo } from '../../../../sandbox/media/videos.js';
import { putObject } from '../../../calls/statements.js';
import { extras, page } from './extras.js';
import { newer } from './newer.js';
import { imageEdit, multiImageFusion, textToImage } from './pictures.js';
import { golden } from './row.js';
import { text } from './texts.js';
import { clip, firstAndLastFrame, firstFrame, longerPath, referenceVideo, textToVideo } from './videos.js';

export const bodyRows = [
  ...textToImage,
  ...imageEdit,
  ...multiImageFusion,
  ...textToVideo,
  ...firstFrame,
  ...firstAndLastFrame,
  ...referenceVideo,
  ...text,
  ...newer,
  ...extras,
];

/** Puts what the rows name, and the sandbox has not by itself, into its object store. */
export async function putFiles(dataDir: string): Promise<void> {
  const picture = await readFile(join(dataDir, 'sandbox', 'oss', golden.replace('oss://', '')));
  await putObject(dataDir, longerPath, picture);
  const look = { width: 320, height: 320, title: 'clip', prompt: 'clip', references: [], seed: 1 };
  await putObject(dataDir, clip, await recordVideo({ ...look, durationSeconds: 3 }));
  await putObject(dataDir, page, Buffer.from('%PDF-1.4'));
}
