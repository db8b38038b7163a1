/** The families of model types. A family more is a file in requests/ and a line here. */
import type { Family } from './family.js';
import { embeddings } from './requests/embedding.js';
import { mediaEmbeddings } from './requests/media-embedding.js';
import { pictures } from './requests/picture.js';
import { reranks } from './requests/rerank.js';
import { speech } from './requests/speech.js';
import { texts } from './requests/text.js';
import { translations } from './requests/translation.js';
import { videos } from './requests/video.js';

export const families: readonly Family[] = [
  pictures,
  videos,
  texts,
  embeddings,
  mediaEmbeddings,
  speech,
  translations,
  reranks,
];
