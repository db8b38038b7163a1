import { expect, test } from 'vitest';
import { openH264Writer } from '../../sandbox/media/h264-writer.js';
import {
  type Area,
  createFrame,
  type Frame,
  paint,
  wholeMacroblocks,
} from '../../sandbox/media/yuv-frame.js';
import { run } from './ffmpeg.js';

const START_CODE = Buffer.of(0, 0, 0, 1);

/** The frame's samples as ffmpeg gives them: planes without padding, one after the other. */
function samplesOf(frame: Frame): Buffer {
  const planes = [frame.luma, frame.blue, frame.red].map(({ samples, stride }, index) => {
    const divisor = index === 0 ? 1 : 2;
    const rows = Array.from({ length: frame.height / divisor }, (_, y) =>
      samples.subarray(y * stride, y * stride + frame.width / divisor),
    );
    return Buffer.concat(rows);
  });
  return Buffer.concat(planes);
}

function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Pattern = (x: number, y: number) => number;

function fill(frame: Frame, area: Area, pattern: Pattern): void {
  const rectangle = wholeMacroblocks(frame, area);
  const rgba = new Uint8Array(rectangle.width * rectangle.height * 4);
  for (let y = 0; y < rectangle.height; y++) {
    for (let x = 0; x < rectangle.width; x++) {
      const value = pattern(x + rectangle.x, y + rectangle.y);
      rgba.set([value, value >> 1, 255 - value, 255], (y * rectangle.width + x) * 4);
    }
  }
  paint(frame, rectangle, rgba);
}

function patterns(random: (limit: number) => number, shift: number): Pattern[] {
  const level = random(256);
  return [
    () => level,
    (x) => (x * 7) & 255,
    (_x, y) => (y * 5) & 255,
    () => random(256),
    // One texture, further right in every frame: what a vector can restore.
    (x, y) => (((x - shift) * 37) ^ (y * 11)) & 255,
  ];
}

test.each([1, 2, 3, 4, 5, 6])(
  'a decoder restores every sample of every frame (random frames %i)',
  async (seed) => {
    const random = randomNumbers(seed);
    const [width, height] = [16 * (3 + random(5)) + 2 * random(8), 16 * (2 + random(4)) + 2 * random(8)];
    const writer = openH264Writer(width, height);
    const frame = createFrame(width, height);
    const units = [writer.sequenceParameters, writer.pictureParameters];
    const expected: Buffer[] = [];
    let shift = 0;
    for (let number = 0; number < 300; number++) {
      const step = 2 * random(5);
      shift += step;
      const choices = patterns(random, shift);
      const moving = choices[4] as Pattern;
      if (number === 0) fill(frame, { x: 0, y: 0, width, height }, moving);
      else if (random(3) > 0) fill(frame, { x: 16 * random(3), y: 0, width, height }, moving);
      for (let count = random(4); count > 0; count--) {
        const area = {
          x: random(width - 8),
          y: random(height - 8),
          width: 1 + random(40),
          height: 1 + random(40),
        };
        fill(frame, area, choices[random(choices.length)] as Pattern);
      }
      units.push(number % 120 === 0 ? writer.keyFrame(frame) : writer.deltaFrame(frame, step));
      expected.push(samplesOf(frame));
    }
    const stream = Buffer.concat(units.flatMap((unit) => [START_CODE, unit]));
    const options = [
      '-xerror',
      '-f',
      'h264',
      '-i',
      'pipe:0',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      'pipe:1',
    ];
    const decoded = await run('ffmpeg', options, stream);
    expect(decoded.length).toBe(expected.length * (expected[0] as Buffer).length);
    const wrong = expected.findIndex(
      (samples, number) =>
        !samples.equals(decoded.subarray(number * samples.length, (number + 1) * samples.length)),
    );
    expect(wrong).toBe(-1);
  },
);

test('what moves sideways costs a few bytes a frame', () => {
  const writer = openH264Writer(320, 160);
  const frame = createFrame(320, 160);
  const texture = (shift: number) => (x: number, y: number) => (((x - shift) * 37) ^ (y * 11)) & 255;
  const area = { x: 0, y: 0, width: 320, height: 160 };
  fill(frame, area, texture(0));
  expect(writer.keyFrame(frame).length).toBeGreaterThan(200 * 384);
  fill(frame, area, texture(4));
  // All but the first column, which comes from beyond the edge.
  expect(writer.deltaFrame(frame, 4).length).toBeLessThan(10 * 390 + 200);
});
