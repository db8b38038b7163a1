/** How long sounds and videos are, by the beginning of their files, beside what ffprobe says of the whole. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginningBytes, lengthOf } from '../../src/media/sound-length.js';

const run = promisify(execFile);
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hologen-sounds-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A tone of so many seconds. */
async function tone(name: string, seconds: number, ...options: string[]): Promise<Buffer> {
  const path = join(directory, name);
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`],
    ...[...options, path],
  ]);
  return readFile(path);
}

const lengthIn = (file: Buffer) => lengthOf(file.subarray(0, beginningBytes), file.length);

test.each([
  ['long.wav', 63, [], 0.001],
  ['eight.wav', 7, ['-ar', '8000', '-c:a', 'pcm_mulaw'], 0.001],
  ['constant.mp3', 61, ['-b:a', '64k'], 0.2],
  ['slow.mp3', 20, ['-ar', '16000', '-b:a', '24k'], 0.2],
  ['index-first.mp4', 12, ['-movflags', '+faststart'], 0.1],
])('%s has the length of its sound', async (name, seconds, options, about) => {
  const file = await tone(name, seconds, ...options, '-write_xing', '0').catch(() =>
    tone(`b-${name}`, seconds, ...options),
  );
  expect(Math.abs((lengthIn(file) ?? 0) - seconds)).toBeLessThan(about);
});

test('what does not say at its beginning has no length, nor has what is no sound', async () => {
  expect(lengthIn(await tone('index-last.mp4', 30, '-b:a', '192k'))).toBeUndefined();
  const inFragments = ['-movflags', 'frag_keyframe+empty_moov'];
  expect(lengthIn(await tone('fragments.mp4', 5, ...inFragments))).toBeUndefined();
  expect(lengthIn(await tone('varying.mp3', 5, '-q:a', '4'))).toBeUndefined();
  for (const text of ['', 'RIFF', 'RIFF....WAVEdata', 'a text that is no sound at all', '\xff\xfb'])
    expect(lengthIn(Buffer.from(text, 'latin1'))).toBeUndefined();
});
