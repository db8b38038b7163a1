/** What a session notes of its messages is the same when whole answers come in one chunk, which takes a shorter way, as when they come byte by byte. */
import { expect, test } from 'vitest';
import { isAtLast } from '../../src/frontend/awaited-answers.js';
import { watchClient } from '../../src/frontend/client-messages.js';
import { beginConversation, type SessionEvents } from '../../src/frontend/conversation.js';
import { watchEngine } from '../../src/frontend/engine-answers.js';
import {
  createFrameStream,
  type FrameStream,
  type FrameWatcher,
  isRoutineChunk,
  pushChunk,
  type Replacement,
} from '../../src/wire/frames.js';
import { lyingFrame, pick, type Random, randomNumbers, seed } from './random-bytes.js';
import {
  bind,
  close,
  copyDone,
  describe,
  execute,
  frame,
  int32,
  parse,
  query,
  sync,
  text,
} from './raw-client.js';

const conversations = 20_000;

interface Noted {
  /** Events and states in order. */
  log: string[];
  /** How many chunks went the shorter way. */
  whole: number;
}

function passed(stream: FrameStream, chunk: Buffer): Buffer[] {
  if (!isRoutineChunk(stream, chunk)) return pushChunk(stream, chunk);
  stream.watcher.noteRoutine?.(chunk);
  return [chunk];
}

/** A session in memory; `cut` says how its bytes come. */
function session(cut: (bytes: Buffer) => Buffer[]) {
  const noted: Noted = { log: [], whole: 0 };
  const told =
    (name: string) =>
    (...values: unknown[]) =>
      void noted.log.push(`${name} ${values}`);
  const events = {
    rewrite(sql: string) {
      noted.log.push(`rewrite ${sql}`);
      if (!sql.includes('ai_gen')) return undefined;
      return { text: `${sql} -- at once`, isOther: true, translateError: () => {}, tagOf: () => undefined };
    },
    started: (engineProcessId: number) => noted.log.push(`started ${engineProcessId}`),
    rowsAsked: told('rowsAsked'),
    undone: told('undone') as SessionEvents['undone'],
    savepointSet: told('savepointSet'),
    cursorsRewound: told('cursorsRewound'),
    answered: told('answered'),
    ready: told('ready'),
    transactionOver: told('transactionOver'),
    ended: () => false,
    databaseCreated: told('databaseCreated'),
  };
  const conversation = beginConversation(events, {
    ...{ holdBack: () => {}, tell: () => true, send: () => {} },
  });
  const counted = <Given extends Replacement>(watcher: FrameWatcher<Given>): FrameWatcher<Given> => ({
    ...watcher,
    noteRoutine(chunk) {
      noted.whole += 1;
      watcher.noteRoutine?.(chunk);
    },
  });
  const streams = {
    client: createFrameStream(counted(watchClient(conversation))),
    engine: createFrameStream(counted(watchEngine(conversation))),
  };
  return {
    noted,
    push(side: 'client' | 'engine', bytes: Buffer): Buffer {
      const out = Buffer.concat(cut(bytes).flatMap((chunk) => passed(streams[side], chunk)));
      const { busy, failed, savepoints, savepointIsNew, anew, mayChain, awaited } = conversation;
      noted.log.push(
        `${side}: ${[busy, failed, savepoints, savepointIsNew, anew, mayChain, !awaited.first, isAtLast(awaited), awaited.first?.type]}`,
      );
      return out;
    },
  };
}

const tags = [
  'SELECT 3',
  'INSERT 0 1',
  'BEGIN',
  'ROLLBACK',
  'COMMIT',
  'SAVEPOINT',
  'RELEASE',
  'CREATE DATABASE',
  'SET',
  '',
];

const texts = [...Array(8).fill('SELECT 1'), 'COMMIT AND CHAIN', 'SELECT ai_gen(prompt) FROM prompts'];

/** Messages in any order, not only in such as PostgreSQL would answer so: whatever comes is noted the same way. */
function message(side: 'client' | 'engine', random: Random): Buffer {
  if (side === 'client') {
    const made = [
      () => Buffer.concat([bind('', ''), describe('P', ''), execute('', random(3)), sync]),
      () => query(pick(random, texts)),
      () => parse('s', pick(random, texts)),
      () => bind('p', 's', ['x']),
      () => execute('p', random(3)),
      () => close('S', 's'),
      () => sync,
      () => copyDone,
    ];
    return pick(random, made)();
  }
  const tag = () => frame('C', text(pick(random, tags)));
  const ready = () => frame('Z', Buffer.from(pick(random, ['I', 'I', 'T', 'E'])));
  const made = [
    () =>
      Buffer.concat([frame('2'), frame('T', Buffer.alloc(9)), frame('D', Buffer.alloc(7)), tag(), ready()]),
    ready,
    tag,
    () => frame('1'),
    () => frame('2'),
    () => frame('D', Buffer.alloc(random(20))),
    () => frame('E', Buffer.from('SERROR\0C22012\0Mdivision by zero\0\0')),
    () => frame('G', Buffer.alloc(3)),
    () => frame('K', int32(7), int32(8)),
    () => frame('s'),
  ];
  return pick(random, made)();
}

test(`${conversations} conversations, in chunks and byte by byte: the same is noted and passed on`, () => {
  const random = randomNumbers(seed);
  let whole = 0;
  for (let count = 0; count < conversations; count += 1) {
    const inChunks = session((bytes) => [bytes]);
    const byBytes = session((bytes) => Array.from(bytes, (byte) => Buffer.from([byte])));
    const steps = 4 + random(8);
    for (let step = 0; step < steps; step += 1) {
      const side = pick(random, ['client', 'engine'] as const);
      const messages = Array.from({ length: 1 + random(3) }, () => message(side, random));
      // At times a stream breaks; nothing can follow it then.
      if (step === steps - 1 && random(4) === 0) messages.push(lyingFrame(random));
      const bytes = Buffer.concat(messages);
      expect(inChunks.push(side, bytes).equals(byBytes.push(side, bytes))).toBe(true);
    }
    if (inChunks.noted.log.join('\n') !== byBytes.noted.log.join('\n'))
      expect(inChunks.noted.log, `conversation ${count}, seed ${seed}`).toEqual(byBytes.noted.log);
    whole += inChunks.noted.whole;
  }
  // Else nothing was compared.
  expect(whole).toBeGreaterThan(conversations);
});
