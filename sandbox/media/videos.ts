/** Records the videos that the sandbox gives back in place of a model's: real, playable MP4s that show what was asked. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Canvas, createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { type CardLayout, drawCard, drawPill, layOut, readReferences } from './card.js';
import { FRAMES_PER_SECOND, openH264Writer } from './h264-writer.js';
import { writeMp4 } from './mp4-writer.js';
import { type Scene, sceneOf } from './scene.js';
import { type Area, createFrame, MACROBLOCK_SIZE, paint, wholeMacroblocks } from './yuv-frame.js';

export interface VideoRequest {
  /** Pixels, even. */
  width: number;
  height: number;
  /** Rounded to whole frames of 1/30 s, at least one. */
  durationSeconds: number;
  title: string;
  prompt: string;
  /** Encoded pictures, shown as thumbnails; anything else, e.g. a video, shows as a named blank. */
  references: Uint8Array[];
  /** Decides colours and shapes. */
  seed: number;
}

/** What does not move (behind and in front of the sun) and what a frame is put together in. */
interface Stage {
  scene: Scene;
  layout: CardLayout;
  behind: Canvas;
  before: Canvas;
  whole: Canvas;
  durationSeconds: number;
}

const FRAMES_PER_TURN = 4;
const posterQuality = 90;
const BAND_HEIGHT = 8 * MACROBLOCK_SIZE;

/**
 * An H.264 MP4 without sound, 30 frames a second, of exactly the asked size. The same request gives the same bytes. Gives way to
 * other work every few frames. RangeError for sizes that H.264 cannot hold.
 */
export async function recordVideo(request: VideoRequest): Promise<Buffer> {
  const { width, height, durationSeconds } = request;
  if (width % 2 !== 0 || height % 2 !== 0)
    throw new RangeError(`a video's sides are even, not ${width}x${height}`);
  const writer = openH264Writer(width, height);
  const frame = createFrame(width, height);
  const stage = await setStage(request);
  const total = Math.max(1, Math.round(durationSeconds * FRAMES_PER_SECOND));
  const frames: { unit: Buffer; isKey: boolean }[] = [];
  let poster: Buffer = Buffer.alloc(0);
  for (let number = 0; number < total; number++) {
    const isKey = number === 0;
    for (const area of isKey ? bands(width, height) : changingAreas(stage, number, total)) {
      const rectangle = wholeMacroblocks(frame, area);
      paint(frame, rectangle, compose(stage, rectangle, number, total));
      if (isKey) await nextTurn();
    }
    const unit = isKey
      ? writer.keyFrame(frame)
      : writer.deltaFrame(frame, sunShift(stage.scene, number, total));
    if (isKey) poster = await stage.whole.encode('jpeg', posterQuality);
    frames.push({ unit, isKey });
    if (number % FRAMES_PER_TURN === 0) await nextTurn();
  }
  return writeMp4({ ...writer, width, height, framesPerSecond: FRAMES_PER_SECOND, frames, poster });
}

async function setStage(request: VideoRequest): Promise<Stage> {
  const { width, height, durationSeconds } = request;
  const content = { ...request, references: await readReferences(request.references), isVideo: true };
  const scene = sceneOf(request.seed, width, height);
  const behind = createCanvas(width, height);
  scene.sky(behind.getContext('2d'));
  await nextTurn();
  const before = createCanvas(width, height);
  const context = before.getContext('2d');
  const layout = layOut(context, content);
  scene.hills(context);
  drawCard(context, content, layout);
  fillBar(context, layout.bar, 1, 'rgba(255, 255, 255, 0.25)');
  await nextTurn();
  return { scene, layout, behind, before, whole: createCanvas(width, height), durationSeconds };
}

// The whole frame, in parts that are soon painted.
function bands(width: number, height: number): Area[] {
  const count = Math.ceil(height / BAND_HEIGHT);
  return Array.from({ length: count }, (_, band) => {
    const y = band * BAND_HEIGHT;
    return { x: 0, y, width, height: Math.min(BAND_HEIGHT, height - y) };
  });
}

/** The areas in which a frame differs from the one before: where each moving thing was, together with where it is. */
function changingAreas(stage: Stage, number: number, total: number): Area[] {
  const { scene, layout, whole } = stage;
  const { x, y, radius } = scene.sunAt(number / total);
  const shift = sunShift(scene, number, total);
  const reach = radius + 1;
  const sun = { x: x - shift - reach, y: y - reach, width: shift + 2 * reach, height: 2 * reach };
  const { bar, badgeHeight, margin } = layout;
  const step = bar.width / total;
  const end = bar.x + bar.width * progressOf(number, total);
  const tip = {
    x: end - step - bar.height,
    y: bar.y - 1,
    width: step + 2 * bar.height,
    height: bar.height + 2,
  };
  const isCounterSame = counterText(stage, number) === counterText(stage, number - 1);
  return isCounterSame ? [sun, tip] : [sun, tip, counterArea(whole.width, margin, badgeHeight)];
}

/** How far the sun has moved since the frame before. */
function sunShift(scene: Scene, number: number, total: number): number {
  return scene.sunAt(number / total).x - scene.sunAt((number - 1) / total).x;
}

/** The pixels of an area of a frame. */
function compose(stage: Stage, area: Area, number: number, total: number): Uint8ClampedArray {
  const { scene, layout, behind, before, whole } = stage;
  const context = whole.getContext('2d');
  const { x, y, width, height } = area;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.drawImage(behind, x, y, width, height, x, y, width, height);
  scene.sun(context, scene.sunAt(number / total));
  context.drawImage(before, x, y, width, height, x, y, width, height);
  fillBar(context, layout.bar, progressOf(number, total), '#ffc53d');
  drawCounter(context, stage, number);
  context.restore();
  return context.getImageData(x, y, width, height).data;
}

// The last frame shows a full bar.
function progressOf(number: number, total: number): number {
  return (number + 1) / total;
}

function fillBar(context: SKRSContext2D, bar: Area, progress: number, color: string): void {
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(bar.x, bar.y, Math.max(bar.height, bar.width * progress), bar.height, bar.height / 2);
  context.fill();
}

function counterArea(frameWidth: number, margin: number, height: number): Area {
  const width = height * 3.2;
  return { x: frameWidth - margin - width, y: margin, width, height };
}

function counterText({ durationSeconds }: Stage, number: number): string {
  return `${(Math.floor((number * 10) / FRAMES_PER_SECOND) / 10).toFixed(1)} / ${durationSeconds} s`;
}

function drawCounter(context: SKRSContext2D, stage: Stage, number: number): void {
  const { layout, whole } = stage;
  const area = counterArea(whole.width, layout.margin, layout.badgeHeight);
  const colors = { fill: 'rgba(9, 12, 24, 0.85)', text: '#ffffff', weight: 700 } as const;
  drawPill(context, counterText(stage, number), { ...area, anchor: 'left' }, colors);
}
