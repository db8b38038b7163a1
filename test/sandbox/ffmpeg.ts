/** Runs ffmpeg and ffprobe, as witnesses that what the sandbox draws is real media. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** What the program writes, given the input through a pipe; rejects when it complains or fails. */
export async function run(
  program: 'ffmpeg' | 'ffprobe',
  options: string[],
  input?: Uint8Array,
): Promise<Buffer> {
  const child = spawn(program, ['-v', 'error', ...options], { stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it may stop reading early
  child.stdin.end(input);
  const [output, complaints, [code]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0 || complaints.length > 0) throw new Error(`${program} ${options.join(' ')}: ${complaints}`);
  return output;
}

/** The RGB bytes, row by row, of a picture or of the frame of a video at the given second. */
export function rgbPixels(media: Uint8Array, atSeconds = 0): Promise<Buffer> {
  const select = ['-i', 'pipe:0', '-ss', String(atSeconds), '-frames:v', '1'];
  return run('ffmpeg', [...select, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'], media);
}

/** How many pixels are of about the given colour. */
export function countColor(
  rgb: Buffer,
  [red, green, blue]: [number, number, number],
  tolerance = 12,
): number {
  let count = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    const distance = Math.max(
      Math.abs(rgb.readUInt8(at) - red),
      Math.abs(rgb.readUInt8(at + 1) - green),
      Math.abs(rgb.readUInt8(at + 2) - blue),
    );
    if (distance <= tolerance) count++;
  }
  return count;
}

/** A picture or one-frame stream of one colour. */
export function plainPicture(color: string, size: string, codec: string): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', `color=${color}:s=${size}`, '-frames:v', '1'];
  return run('ffmpeg', [...source, '-c:v', codec, '-f', 'image2pipe', 'pipe:1']);
}
