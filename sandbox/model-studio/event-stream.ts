/** Answers in pieces, as server-sent events. */
import type { Exchange } from './exchange.js';

export interface EventStream {
  /** One event; lines are written as they are. */
  send(...lines: string[]): void;
  end(): void;
}

/** Begins the answer: from now on it cannot be refused any more. */
export function openEventStream({ response, record, requestId }: Exchange): EventStream {
  record.status = 200;
  response.writeHead(200, {
    'content-type': 'text/event-stream;charset=UTF-8',
    'cache-control': 'no-cache',
    'x-request-id': requestId,
  });
  return {
    send: (...lines) => response.write(`${lines.join('\n')}\n\n`),
    end: () => response.end(),
  };
}

const longestPiece = 12;

/** A text in the pieces in which a model would write it. */
export function piecesOf(text: string): string[] {
  const characters = [...text];
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; start += longestPiece)
    pieces.push(characters.slice(start, start + longestPiece).join(''));
  return pieces;
}
