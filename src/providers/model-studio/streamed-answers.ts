/** Answers that come in pieces: models that think or hear answer in no other way (Model Studio, "Deep thinking", "Qwen-Omni"). They are read whole. */
import { isObject, type Json, objectIn, textOf } from '../../json.js';

/** The pieces as the one answer that they make up; an error as it was told. Undefined: they end before the model did. */
export function wholeAnswer(stream: string): Json | undefined {
  const pieces = piecesOf(stream);
  if (!pieces) return undefined;
  const failed = pieces.find(({ error, code }) => isObject(error) || Boolean(textOf(code)));
  if (failed) return failed;
  const choices = pieces
    .flatMap((piece) => (Array.isArray(piece.choices) ? piece.choices : []))
    .filter(isObject);
  const finished = choices
    .map((choice) => textOf(choice.finish_reason))
    .findLast((reason) => reason !== undefined);
  if (finished === undefined) return undefined;
  const content = choices.map(({ delta }) => (isObject(delta) ? (textOf(delta.content) ?? '') : '')).join('');
  const usage = pieces.map((piece) => piece.usage).findLast(isObject);
  const choice = { index: 0, finish_reason: finished, message: { role: 'assistant', content } };
  return { ...pieces[0], choices: [choice], ...(usage !== undefined && { usage }) };
}

/** Events are lines of `data: …`; others are comments and names. Undefined: one of them cannot be read. */
function piecesOf(stream: string): Json[] | undefined {
  const pieces: Json[] = [];
  for (const line of stream.split(/\r\n|\n|\r/)) {
    const data = line.startsWith('data:') ? line.slice('data:'.length).trim() : '';
    if (data === '' || data === '[DONE]') continue;
    const piece = objectIn(data);
    if (!piece) return undefined;
    pieces.push(piece);
  }
  return pieces;
}
