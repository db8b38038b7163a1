/** The sandbox as a process of its own: `node dist/sandbox/main.js --directory DIR`. Prints one line of JSON when it can be used. */
import { parseArgs } from 'node:util';
import { startCloud } from './cloud.js';

const options = {
  directory: { type: 'string' },
  'image-ms': { type: 'string', default: '1500' },
  'video-ms': { type: 'string', default: '4000' },
  'documented-limits': { type: 'boolean', default: false },
  'model-studio-port': { type: 'string', default: '0' },
  'oss-port': { type: 'string', default: '0' },
  'sts-port': { type: 'string', default: '0' },
} as const;

class UsageError extends Error {}

try {
  await run();
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(usage ? `${error.message}\nOptions: --${Object.keys(options).join(', --')}` : error);
  process.exitCode = usage ? 2 : 1;
}

async function run(): Promise<void> {
  const values = readOptions();
  const cloud = await startCloud(values);
  const stop = async () => {
    await cloud.close();
    process.exit(0);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  const { modelStudio, oss, sts, apiKey, accessKey } = cloud;
  console.log(JSON.stringify({ modelStudio, oss, sts, apiKey, ...accessKey }));
}

function readOptions() {
  const values = parse();
  if (!values.directory) throw new UsageError('--directory is missing: objects and results lie there');
  return {
    directory: values.directory,
    imageMs: wholeNumber(values, 'image-ms'),
    videoMs: wholeNumber(values, 'video-ms'),
    documentedLimits: values['documented-limits'],
    ports: {
      modelStudio: wholeNumber(values, 'model-studio-port'),
      oss: wholeNumber(values, 'oss-port'),
      sts: wholeNumber(values, 'sts-port'),
    },
  };
}

function parse() {
  try {
    return parseArgs({ options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(values: ReturnType<typeof parse>, name: keyof typeof options): number {
  const text = String(values[name]);
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number, not "${text}"`);
}
