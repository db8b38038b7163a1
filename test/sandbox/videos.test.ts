import { expect, test } from 'vitest';
import { recordVideo, type VideoRequest } from '../../sandbox/media/videos.js';
import { countColor, plainPicture, rgbPixels, run } from './ffmpeg.js';

function request(changes: Partial<VideoRequest> = {}): VideoRequest {
  const title = 'sandbox · wan2.6-i2v · first-frame';
  const prompt = 'Waves at dusk, 海上日落 🌊';
  return { width: 832, height: 480, durationSeconds: 2, title, prompt, references: [], seed: 1, ...changes };
}

async function probe(video: Buffer): Promise<Record<string, unknown>> {
  const options = ['-show_streams', '-count_frames', '-of', 'json', 'pipe:0'];
  const { streams } = JSON.parse((await run('ffprobe', options, video)).toString());
  return streams[0];
}

test.each([
  [1280, 720, 5],
  [1920, 1080, 3],
  [720, 1280, 2],
  [832, 482, 15],
  [624, 624, 0.5],
])(
  'a video of %i x %i and %f s is H.264 of exactly that size and duration',
  async (width, height, seconds) => {
    const video = await recordVideo(request({ width, height, durationSeconds: seconds }));
    const stream = await probe(video);
    expect(stream).toMatchObject({
      codec_name: 'h264',
      pix_fmt: 'yuv420p',
      width,
      height,
      r_frame_rate: '30/1',
    });
    expect(Number(stream.duration)).toBeCloseTo(seconds, 3);
    expect(Number(stream.nb_read_frames)).toBe(seconds * 30);
    await run('ffmpeg', ['-xerror', '-i', 'pipe:0', '-f', 'null', '-'], video); // every frame decodes without complaint
  },
);

test('five seconds of 1280 x 720 stay below 4 MB, also with references', async () => {
  const references = [await plainPicture('0xff00ff', '1000x1000', 'png')];
  const video = await recordVideo(request({ width: 1280, height: 720, durationSeconds: 5, references }));
  expect(video.length).toBeLessThan(4e6);
});

test('the index comes before the frames, so that the video plays while it downloads', async () => {
  const video = await recordVideo(request());
  expect(video.indexOf('moov')).toBeGreaterThan(0);
  expect(video.indexOf('moov')).toBeLessThan(video.indexOf('mdat'));
});

test('the picture moves, and every frame carries the badge and the reference', async () => {
  const references = [await plainPicture('0xff00ff', '300x200', 'png')];
  const video = await recordVideo(request({ references }));
  const frames = await Promise.all([0, 1, 1.9].map((second) => rgbPixels(video, second)));
  for (const frame of frames) {
    expect(countColor(frame, [255, 197, 61])).toBeGreaterThan(1000);
    expect(countColor(frame, [255, 0, 255])).toBeGreaterThan(8000);
  }
  const [first, middle, last] = frames as [Buffer, Buffer, Buffer];
  expect(first.equals(middle)).toBe(false);
  expect(middle.equals(last)).toBe(false);
});

test('the sun leaves no trace behind: where it was, the last frame shows the sky it had covered', async () => {
  const video = await recordVideo(request());
  const [first, last] = [await rgbPixels(video, 0), await rgbPixels(video, 1.96)];
  const pixel = (frame: Buffer, x: number) => [
    ...frame.subarray((130 * 832 + x) * 3, (130 * 832 + x) * 3 + 3),
  ];
  const sunX = Math.round(832 * 0.12);
  expect(pixel(last, sunX)).toEqual(pixel(last, 10));
  expect(pixel(first, sunX)).not.toEqual(pixel(first, 10));
});

test('the same request gives the same video, another seed a different one', async () => {
  const short = { durationSeconds: 0.2 };
  const one = await recordVideo(request(short));
  expect((await recordVideo(request(short))).equals(one)).toBe(true);
  expect((await recordVideo(request({ ...short, seed: 2 }))).equals(one)).toBe(false);
});

test('sizes that H.264 cannot hold are refused', async () => {
  await expect(recordVideo(request({ width: 641 }))).rejects.toThrow(RangeError);
  await expect(recordVideo(request({ width: 16384, height: 16384 }))).rejects.toThrow(RangeError);
});
