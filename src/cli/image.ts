/** `hologen image`: one picture from a request of image.generate, into a file. The gateway that runs makes it, or one for this picture alone. */
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { madeOrFailed, refuseInDryRun } from '../doors/made-or-failed.js';
import { sqlstateOf, UsageError } from '../errors.js';
import { isObject, type Json } from '../json.js';
import { startGateway } from '../main.js';
import { readRunFile } from '../run-file.js';
import type { Configuration } from '../settings/configuration.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, cloudSettings, helpText } from './command.js';
import { hearStopSignals, type StopSignals } from './signals.js';

const flags: SettingName[] = ['dataDir', 'settingsFile', 'sandbox', 'sandboxImageMs'];

/** What went wrong at the provider, told apart by exit code, with the advice of Model Studio's skill. */
const failures: { exitCode: number; when: string; sqlstates: string[]; advice: string }[] = [
  {
    exitCode: 3,
    when: '401, 403: no key, a wrong one, or no right to the model',
    sqlstates: [sqlstateOf('providerAuthorization'), sqlstateOf('insufficientPrivilege')],
    advice: 'Check DASHSCOPE_API_KEY or ~/.alibabacloud/credentials, and the access policy.',
  },
  {
    exitCode: 4,
    when: '400: the request, its size or its content was refused',
    sqlstates: [
      ...([
        'invalidParameterValue',
        'invalidJson',
        'contentRefused',
        'undefinedFile',
        'undefinedObject',
      ] as const),
    ].map(sqlstateOf),
    advice: 'Use a common size such as 1024*1024, and check the fields.',
  },
  {
    exitCode: 5,
    when: '429: rate limit or quota',
    sqlstates: [sqlstateOf('providerQuota'), sqlstateOf('configurationLimitExceeded')],
    advice: 'Try again later, or make fewer pictures at once.',
  },
  {
    exitCode: 6,
    when: '5xx: the provider failed or did not answer; it was asked again already where that was safe',
    sqlstates: [sqlstateOf('providerFailure'), sqlstateOf('connectionFailure')],
    advice: 'Try again once or twice, with a pause between.',
  },
];

export const imageCommand: Command = {
  summary: 'make one picture and save it in a file',
  help: helpText(
    "image --request '{…}' | --file REQUEST.json [--output FILE] [--print-response]",
    'Makes one picture from a request of image.generate: prompt, negative_prompt, size, style, seed, reference_image (an address, an\noss:// path or a file of this machine), model. The same request is paid for once. The running gateway makes it; where none\nruns on the data directory, one is started for this picture.',
    [...flags, ...cloudSettings],
    [
      '\n',
      '  --request JSON           the request; --file names a file that has it',
      `  --output FILE            where the picture goes (default ${join('$OUTPUT_DIR or output', ...usualFolder(), 'output.png')})`,
      '  --print-response         print image_url, width, height and seed as JSON',
      '',
      'Exit codes beside 0, 1 and 2:',
      ...failures.map(({ exitCode, when }) => `  ${exitCode}  ${when}`),
    ].join('\n'),
  ),
  async run(args) {
    const texts = ['request', 'file', 'output'];
    const { configuration, switches, given } = readSettings(args, process.env, flags, {
      switches: ['print-response'],
      texts,
    });
    const request = await readRequest(given.get('request'), given.get('file'));
    const output =
      given.get('output') ?? join(process.env.OUTPUT_DIR || 'output', ...usualFolder(), 'output.png');
    const signals = hearStopSignals();
    try {
      const answer = await withGateway(configuration, signals, async (url, options) => {
        const made = await generate(url, options, request, signals);
        await download(String(made.image_url), output);
        return made;
      });
      console.error(`saved ${output}`);
      if (switches.has('print-response')) console.log(JSON.stringify(answer));
      return 0;
    } catch (error) {
      return tell(error);
    }
  },
};

function usualFolder(): string[] {
  return ['ai-image-qwen-image', 'images'];
}

/** The request as SQL takes it. A size is the skill's own default; a reference that is a file here goes along as its bytes. */
async function readRequest(inline: string | undefined, file: string | undefined): Promise<Json> {
  if ((inline === undefined) === (file === undefined))
    throw new UsageError("write the request as --request '{…}', or its file as --file FILE");
  const text = inline ?? (await readFile(file as string, 'utf8'));
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`the request is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(request)) throw new UsageError('the request is not a JSON object');
  const bytes = await readReference(request.reference_image);
  return { size: '1024*1024', ...request, ...(bytes && { reference_image: bytes.toString('base64') }) };
}

/** A file of this machine; undefined: an address, a path of OSS or the picture's own bytes, which SQL reads. */
async function readReference(reference: unknown): Promise<Buffer | undefined> {
  if (typeof reference !== 'string' || reference === '' || /^[a-z]+:/i.test(reference)) return undefined;
  return readFile(reference).catch((error: Error) => {
    if (/^\\x|^[\w+/\s]{64,}={0,2}\s*$/.test(reference)) return undefined;
    throw new UsageError(`reference_image cannot be read: ${error.message}`);
  });
}

async function withGateway<T>(
  configuration: Configuration,
  signals: StopSignals,
  work: (url: string, options: string) => Promise<T>,
): Promise<T> {
  const running = await readRunFile(configuration.dataDirectory);
  if (running) return work(running.postgres, madeOrFailed);
  console.error('starting a gateway for this picture');
  const gateway = await startGateway(forOnePicture(configuration));
  try {
    if (signals.heard) throw new Error('stopped');
    // What an earlier sandbox made went with it.
    const noReuse = configuration.sandbox ? ' -c ai_gen.reuse=off' : '';
    return await work(gateway.runFile.postgres, `${madeOrFailed}${noReuse}`);
  } finally {
    await gateway.stop();
  }
}

/** Whatever the settings say for a gateway that stays: nobody else is let in, so no port is taken and no client certificate asked for. */
function forOnePicture(configuration: Configuration): Configuration {
  const { door, console: page, openai, metrics } = configuration;
  return {
    ...configuration,
    door: { ...door, host: '127.0.0.1', port: 0, clientCa: undefined },
    console: { ...page, port: undefined },
    openai: { ...openai, port: undefined },
    metrics: { ...metrics, port: undefined },
    logLevel: 'error',
    usualModels: true,
  };
}

async function generate(url: string, options: string, request: Json, signals: StopSignals): Promise<Json> {
  const client = new pg.Client({ connectionString: url, application_name: 'hologen image', options });
  // One that breaks tells whoever waits.
  client.on('error', () => {});
  client.on('notice', ({ message }) => console.error(message));
  await client.connect();
  const startedAt = Date.now();
  const shown = setInterval(() => console.error(`waiting for the picture, ${seconds(startedAt)}`), 5_000);
  try {
    await refuseInDryRun(client);
    const made = client.query('SELECT image_generate($1) AS answer', [JSON.stringify(request)]);
    const stopped = signals.received.then(() => {
      throw new Error('stopped; what the provider has begun is kept, and the same request takes it');
    });
    const { rows } = await Promise.race([made, stopped]);
    return rows[0].answer;
  } finally {
    clearInterval(shown);
    await client.end();
  }
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

/** The address is good for a day, so a broken copy is begun again. */
async function download(address: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(address);
      if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
      await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(file));
      return;
    } catch (cause) {
      if (attempt < 3) continue;
      await rm(file, { force: true });
      throw new Error(
        `the picture is made, and could not be copied from ${address} to ${file}: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }
}

function tell(error: unknown): number {
  const { code, message, detail, hint } = error as pg.DatabaseError;
  const failure = failures.find(({ sqlstates }) => sqlstates.includes(String(code)));
  if (!failure) throw error;
  console.error([`hologen image: ${message}`, detail, hint, failure.advice].filter(Boolean).join('\n  '));
  return failure.exitCode;
}
