/** A provider inside the test's own process: always the same answer to the same request, and everything it was asked is written down. */
import { createHash } from 'node:crypto';
import { refuse } from '../../../src/fields.js';
import type { ProviderDriver } from '../../../src/providers/drivers.js';
import {
  type CheckedRequest,
  type Made,
  type Provider,
  ProviderFailure,
} from '../../../src/providers/provider.js';

interface TextRequest extends CheckedRequest {
  prompt: string;
}

export interface Recorded {
  /** `model(prompt)`, in the order in which they were sent. */
  calls: string[];
  /** What those cost that did not fail. */
  price: number;
  /** The most that were in the provider's hands at once. */
  most: number;
  /** How many were sent one behind another before one of them was answered. */
  turns: number[];
}

export interface RecordingProvider {
  driver: ProviderDriver;
  /** What was asked since the last look. */
  take(): Recorded;
  /** From now on nothing is answered before so many calls have come, or none has come for some time. 0: at once. */
  holdUntil(count: number): void;
  /** Whether those have an answer, too, that would fail. */
  answerAll(all: boolean): void;
}

/** A prompt with this word in it is refused before it is sent; one with the other fails at the provider. */
const refusedWord = 'refused';
const failingWord = 'fails';

/** How long no call may have come until a serial statement is believed to be one. */
const quietMs = 250;
const currency = 'CNY';
const nothing = { urls: [], task: undefined, failed: false, notes: [], usage: {} };

export function createRecordingProvider(): RecordingProvider {
  let recorded = nothingYet();
  let answersAll = false;
  const gate = createGate();
  const provider: Provider<TextRequest> = {
    // In place of the usual one, whose models are deployed already.
    names: ['bailian', 'dashscope', 'model-studio'],
    tasks: ['chat/completions', 'embedding', 'image-generation', 'video-generation'],
    checkKey: () => {},
    checkDeployment: () => {},
    modelTypes: () => [],
    describe: () => undefined,
    check: (_model, prompt) => check(prompt),
    imageFields: () => [],
    lines: () => [
      {
        account: 'one',
        key: undefined,
        limits: { submitsPerSecond: 1_000_000, concurrentTasks: null },
        own: {},
      },
    ],
    async submit({ name }, { prompt, estimate }, _addresses, news): Promise<Made> {
      const fails = prompt.includes(failingWord) && !answersAll;
      recorded.calls.push(`${name}(${prompt})`);
      // Now: its statement may be over before it is answered.
      recorded.price += fails ? 0 : (estimate.cost?.amount ?? 0);
      await news.sending();
      const isFirst = gate.inside() === 0;
      const inside = gate.enter();
      recorded.turns.push(isFirst ? 1 : (recorded.turns.pop() ?? 0) + 1);
      recorded.most = Math.max(recorded.most, gate.inside());
      await inside;
      gate.leave();
      await news.taken('recorded', undefined);
      if (fails) throw failure(prompt);
      return { ...nothing, requestId: 'recorded', text: answerTo(name, prompt), bill: estimate };
    },
    look: () => Promise.reject(new Error('texts have no task')),
    pauseMs: () => 20,
    cancel: async () => false,
    find: () => Promise.reject(new Error('texts have no task')),
    download: () => Promise.reject(new Error('texts have no files')),
    close: async () => {},
  };
  return {
    driver: () => provider as unknown as Provider,
    take() {
      const taken = recorded;
      recorded = nothingYet();
      return taken;
    },
    holdUntil: gate.holdUntil,
    answerAll(all) {
      answersAll = all;
    },
  };
}

/** In the form that the AI function that asks reads. */
function answerTo(name: string, prompt: string): string {
  const told = `${name}<${prompt}>`;
  const request = asObject(prompt);
  const number = createHash('md5').update(told).digest().readUInt16BE(0);
  const schema = request?.parameters?.response_format?.json_schema?.schema;
  if (schema)
    return JSON.stringify(
      Object.fromEntries(
        Object.entries<{ enum?: string[] }>(schema.properties).map(([key, { enum: labels }]) => [
          key,
          labels ? labels[number % labels.length] : number % 3 === 0 ? null : `${key} ${number}`,
        ]),
      ),
    );
  if (request?.document !== undefined) return JSON.stringify({ score: number / 65_536 });
  if (request?.texts !== undefined) return String(number / 65_536);
  // The models of embeddings: ./world.ts.
  if (/^e\d/.test(name)) return `{${number},${number % 7}}`;
  return told;
}

function asObject(text: string) {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nothingYet(): Recorded {
  return { calls: [], price: 0, most: 0, turns: [] };
}

function check(prompt: string): TextRequest {
  if (prompt.includes(refusedWord)) refuse('prompt', prompt, 'something else');
  const estimate = { units: { inputTokens: prompt.length }, cost: { amount: prompt.length, currency } };
  return {
    ...{ scenario: 'text', makes: 'text', media: [], output: undefined, notes: [], followed: false },
    ...{ prompt, estimate },
  };
}

function failure(prompt: string): ProviderFailure {
  const facts = { kind: 'providerFailure', code: 'Fails', repeat: 'no', requestId: '' } as const;
  return new ProviderFailure({ ...facts, message: `no answer to "${prompt}"` });
}

function createGate() {
  let wanted = 0;
  let inside = 0;
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const open = () => {
    clearTimeout(timer);
    for (const go of waiting.splice(0)) go();
  };
  return {
    inside: () => inside,
    async enter() {
      inside += 1;
      if (wanted === 0) return;
      clearTimeout(timer);
      timer = setTimeout(open, quietMs);
      const opened = new Promise<void>((resolve) => waiting.push(resolve));
      if (inside >= wanted) open();
      await opened;
    },
    leave() {
      inside -= 1;
    },
    holdUntil(count: number) {
      wanted = count;
      if (count === 0) open();
      waiting = [];
    },
  };
}
