/** What may stand beside the references of a video: a voice for each of them, a document, a page of the web. */
import { type Json, oneOf, optionalText, refuse } from '../../../fields.js';
import { endingOf } from '../../../media/kinds.js';
import type { Medium } from '../../provider.js';
import type { Asked } from '../family.js';
import { medium } from './medium.js';

/** The fields, by what a type says of itself. */
export const extraFields = { voices: ['reference_voice'], documents: ['file', 'link'] };

/** Formats of documents, and their size: the wan3.0-video page. */
const documentEndings = [
  ...['docx', 'doc', 'xlsx', 'xls', 'pptx', 'ppt', 'pdf', 'txt', 'md', 'key', 'pages', 'numbers'],
];
const mostDocumentMebibytes = 100;

/** Nothing but these: no reference has to be there then. */
export function hasDocument(request: Json): boolean {
  return extraFields.documents.some((name) => request[name] !== undefined && request[name] !== null);
}

/** Behind the references, in this order. */
export function readExtras(request: Json, references: number, asked: Asked): Medium[] {
  return [...readVoices(request, references, asked), ...readDocument(request, asked)];
}

/**
 * `reference_voice`: the sound of a voice for a reference. One text where there is one reference, else an array that has for each of them a
 * text, or null.
 */
function readVoices(request: Json, references: number, asked: Asked): Medium[] {
  const { reference_voice: given } = request;
  if (given === undefined || given === null) return [];
  const voices: unknown[] = Array.isArray(given) ? given : [given];
  if (voices.length !== references)
    refuse(
      'reference_voice',
      `${voices.length} of ${references}`,
      'a text, or null, for each of reference_urls',
      "Write ARRAY['oss://bucket/path/voice.mp3', NULL], in the order of reference_urls.",
    );
  return voices.flatMap((voice, index): Medium[] => {
    const field = voiceField(index);
    if (voice === null) return [];
    if (typeof voice !== 'string' || voice === '')
      return refuse(field, voice, 'the path of a sound file, or null');
    return [medium(field, voice, ['sound'], asked)];
  });
}

const voiceField = (index: number) => `reference_voice[${index + 1}]`;

/** Which reference a voice is for, counted from 0; undefined: it is none. */
export function voiceOf({ field }: Medium): number | undefined {
  const number = /^reference_voice\[(\d+)\]$/.exec(field)?.[1];
  return number === undefined ? undefined : Number(number) - 1;
}

/** A document in a store, or the address of a page that the provider reads by itself. */
function readDocument(request: Json, asked: Asked): Medium[] {
  const file = optionalText(request, 'file');
  const link = optionalText(request, 'link');
  if (file !== undefined && link !== undefined)
    refuse('link', link, 'left out beside file', 'The model reads one of the two.');
  if (link !== undefined) {
    if (!/^https?:\/\//i.test(link) || !URL.canParse(link))
      refuse('link', link, 'an address of the web', 'Write https://host/page.');
    return [{ field: 'link', text: link, path: undefined, kinds: [], file: undefined }];
  }
  if (file === undefined) return [];
  const document = medium('file', file, [], asked);
  const ending = endingOf(document.path?.key ?? '');
  if (ending !== undefined && !documentEndings.includes(ending))
    refuse('file', file, `a document: ${oneOf(documentEndings)}`, 'The ending of its name tells what it is.');
  return [{ ...document, anyForm: true, mostMebibytes: mostDocumentMebibytes }];
}
