/** What the families find in replies: addresses of files, wherever a family puts them, and what could not be made. */
import { isObject, type Json, objectAt, textOf } from '../../../json.js';
import type { MadePart } from '../../provider.js';
import type { Reply } from '../connection.js';

/** Temporary addresses of the made files, in order: choices, results, video_url. */
export function madeUrls({ body }: Reply): string[] {
  const output = objectAt(body, 'output');
  return [...choiceUrls(output), ...resultUrls(output), ...videoUrls(output)];
}

function choiceUrls(output: Json): string[] {
  return contentOf(output).flatMap((item) => textOf(item.image) ?? []);
}

function contentOf(output: Json): Json[] {
  const choices = Array.isArray(output.choices) ? output.choices.filter(isObject) : [];
  return choices.flatMap((choice) => {
    const content = objectAt(choice, 'message').content;
    return Array.isArray(content) ? content.filter(isObject) : [];
  });
}

/** Texts and pictures in their order; a picture is its place among the made ones. */
export function partsOf({ body }: Reply): MadePart[] {
  let pictures = 0;
  return contentOf(objectAt(body, 'output')).flatMap((item): MadePart[] => {
    if (textOf(item.image) !== undefined) return [{ picture: pictures++ }];
    const text = textOf(item.text);
    return text === undefined ? [] : [{ text }];
  });
}

function resultUrls(output: Json): string[] {
  const results = Array.isArray(output.results) ? output.results.filter(isObject) : [];
  return results.flatMap((item) => textOf(item.url) ?? textOf(item.video_url) ?? []);
}

function videoUrls(output: Json): string[] {
  return [textOf(output.video_url) ?? textOf(objectAt(output, 'results').video_url)].flatMap(
    (url) => url ?? [],
  );
}

/** The pictures of a task that could not be made, each with code and message: a task has succeeded when one of its pictures has. */
export function failedPictures({ body }: Reply): Json[] {
  const { results } = objectAt(body, 'output');
  return Array.isArray(results) ? results.filter(isObject).filter((item) => textOf(item.code)) : [];
}
