/** Answers that come in pieces: models that think or hear answer in no other way (Model Studio, "Deep thinking", "Qwen-Omni"). They are read whole. */
import { isObject, type Json, textOf } from '../../json.js';

/** The pieces as the one answer that they make up; an error as it was told. Undefined: they end before the model did. */
export function wholeAnswer(stream: string): Json | undefined {
  const pieces = piecesOf(stream);
  const failed = pieces.find(({ error, code }) => isObject(error) || typeof code === 'string');
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

/** Events are lines of `data: …`; others are comments and names. */
function piecesOf(stream: string): Json[] {
  const pieces: Json[] = [];
  for (const line of stream.split(/\r\n|\n|\r/)) {
    const piece = parsed(/^data: ?(.*)$/.exec(line)?.[1] ?? '');
    if (piece) pieces.push(piece);
  }
  return pieces;
}

function parsed(data: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : undefined;
  } catch {
    // The end, which is told as [DONE].
    return undefined;
  }
}
