/** What every driver of the provider port promises; each driver runs this suite on a provider of its own. */
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { KnownError } from '../../src/errors.js';
import {
  type CheckedRequest,
  isMade,
  type Made,
  type Provider,
  ProviderFailure,
  type ProviderModel,
  type SubmitNews,
  type Task,
} from '../../src/providers/provider.js';
import { drivers } from '../../src/storage/drivers.js';
import { createPlaces } from '../../src/storage/open.js';

export interface ProviderUnderTest extends AsyncDisposable {
  provider: Provider;
  /** A model whose answer has the picture in it, and one that gives a task first; both read `request`. */
  atOnce: ProviderModel;
  byTask: ProviderModel;
  request: string;
  /** A request that neither model reads. */
  wrongRequest: string;
  /** A key of the right form that the provider does not know. */
  wrongKey: string;
  /** How many submits the provider has received. */
  received(): number;
  /** The provider takes the next submit, and its answer is lost. */
  loseNextAnswer(model: ProviderModel): void;
}

const places = createPlaces(drivers);
const never = () => new AbortController().signal;

export function providerContract(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`the contract of providers: ${name}`, () => {
    let under: ProviderUnderTest;
    let provider: Provider;
    let news: string[];
    beforeAll(async () => {
      under = await open();
      provider = under.provider;
    });
    afterAll(() => under?.[Symbol.asyncDispose]());
    beforeEach(() => {
      news = [];
    });

    const check = (model: ProviderModel) => provider.check(model, under.request, undefined, places);
    const told: SubmitNews = {
      sending: async () => void news.push(`sending ${under.received()}`),
      taken: async (_requestId, taskId) => void news.push(taskId === undefined ? 'taken' : `taken ${taskId}`),
    };
    const submit = (model: ProviderModel) => provider.submit(model, check(model), [], told);
    async function submitTask(): Promise<Task> {
      const answer = await submit(under.byTask);
      if (isMade(answer)) throw new Error('this model gives a task first');
      return answer;
    }
    async function lookUntil(taskId: string, done: (state: string) => boolean) {
      for (;;) {
        const look = await provider.look(under.byTask, check(under.byTask), taskId, never());
        if (done(look.state)) return look;
      }
    }
    const expectPicture = async ({ urls, bill }: Made, request: CheckedRequest) => {
      expect(urls).toHaveLength(1);
      const source = await provider.download(urls[0] as string, never());
      expect(await text(source.stream)).toContain('PNG');
      expect(bill).toEqual(request.estimate);
    };

    test('it has names, tasks, and a row for each model type', () => {
      expect(provider.names.length).toBeGreaterThan(0);
      expect(provider.tasks).toContain(under.atOnce.task);
      expect(provider.modelTypes([]).map((row) => row.model_type)).toContain(under.atOnce.modelType);
      expect(provider.describe(under.atOnce)).toMatchObject({ model_type: under.atOnce.modelType });
    });

    test('a request is read into what it makes and what it will cost, and nobody is asked', () => {
      const before = under.received();
      for (const model of [under.atOnce, under.byTask]) {
        const request = check(model);
        expect(request).toMatchObject({ makes: 'pictures', media: [], followed: model === under.byTask });
        expect(request.estimate.units).toEqual({ pictures: 1 });
        expect(request.estimate.cost?.amount).toBeGreaterThan(0);
      }
      expect(under.received()).toBe(before);
    });

    test('a request that it cannot read is refused with a hint', () => {
      expect(() => provider.check(under.atOnce, under.wrongRequest, undefined, places)).toThrow(
        expect.objectContaining({ kind: 'invalidParameterValue', hint: expect.any(String) }),
      );
    });

    test('a text that is no key is refused, and a deployment that could not be called', () => {
      expect(() => provider.checkKey('not a key')).toThrow(KnownError);
      expect(() => provider.checkDeployment({ ...under.atOnce, task: 'video-generation' })).toThrow(
        KnownError,
      );
      provider.checkDeployment(under.atOnce);
    });

    test('calls of one key and type wait in one line', () => {
      const [line] = provider.lines(under.atOnce);
      expect(provider.lines({ ...under.atOnce, name: 'another_name' })).toEqual([line]);
      expect(line?.limits.submitsPerSecond).toBeGreaterThan(0);
      const [other] = provider.lines({ ...under.atOnce, apiKey: under.wrongKey });
      expect(other?.account).not.toBe(line?.account);
    });

    test('a submit tells first that it is about to leave, then that it was taken', async () => {
      const before = under.received();
      const made = await submit(under.atOnce);
      expect(news).toEqual([`sending ${before}`, 'taken']);
      expect(under.received()).toBe(before + 1);
      if (!isMade(made)) throw new Error('this model answers with the picture');
      await expectPicture(made, check(under.atOnce));
    });

    test('a task goes on until its picture is made', async () => {
      const { taskId } = await submitTask();
      expect(news.at(-1)).toBe(`taken ${taskId}`);
      expect(provider.pauseMs(0)).toBeGreaterThan(0);
      const look = await lookUntil(taskId, (state) => state !== 'goes on');
      if (look.state !== 'made') throw new Error(`the task is ${look.state}`);
      await expectPicture(look.made, check(under.byTask));
    });

    test('a task that is cancelled says so, and no other ends by it', async () => {
      const { taskId } = await submitTask();
      const cancelled = await provider.cancel(under.byTask, taskId, never());
      const look = await lookUntil(taskId, (state) => state !== 'goes on');
      expect(look.state).toBe(cancelled ? 'cancelled' : 'made');
    });

    test('a task that nobody knows is neither made nor failed', async () => {
      const unknown = 'ffffffff-0000-4000-8000-000000000000';
      const look = await provider
        .look(under.byTask, check(under.byTask), unknown, never())
        .catch((error: unknown) => error);
      if (look instanceof ProviderFailure) return;
      expect(look).toMatchObject({ state: 'forgotten' });
    });

    test('a key that the provider refuses is a failure that surely was not taken', async () => {
      const refused = await submit({ ...under.atOnce, apiKey: under.wrongKey }).catch(
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(ProviderFailure);
      expect(refused).toMatchObject({ kind: 'providerAuthorization', repeat: 'no', mayBeTaken: false });
      expect(news).toHaveLength(1);
    });

    test('nothing leaves when the news of it cannot be taken', async () => {
      const before = under.received();
      const refusal = new Error('written nowhere');
      const sending = () => Promise.reject(refusal);
      for (const model of [under.atOnce, under.byTask])
        await expect(provider.submit(model, check(model), [], { ...told, sending })).rejects.toBe(refusal);
      expect(under.received()).toBe(before);
    });

    test('an answer that is lost is a failure that says so, and no second submit', async () => {
      for (const model of [under.atOnce, under.byTask]) {
        const before = under.received();
        under.loseNextAnswer(model);
        const answer = await submit(model).catch((error: unknown) => error);
        expect(answer).toMatchObject({ mayBeTaken: true });
        expect(under.received()).toBe(before + 1);
      }
    });

    test('a call whose answer was lost is found, or is to be looked for again, or is lost for good', async () => {
      const find = (model: ProviderModel, sentAt: Date | undefined) =>
        provider.find(model, check(model), { sentAt, requestId: undefined });
      for (const [model, sentAt] of [
        [under.atOnce, new Date()],
        [under.byTask, undefined],
      ] as const)
        expect(await find(model, sentAt)).toMatchObject({ state: 'lost', error: { mayBeTaken: true } });
    });
  });
}
