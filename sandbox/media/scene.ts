/** The drawn landscape behind every sandbox result: a sky, a sun and hills in colours and shapes that follow from the seed. */
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';

/** A landscape of a given size, in layers from back to front. */
export interface Scene {
  sky(context: SKRSContext2D): void;
  sun(context: SKRSContext2D, place: SunPlace): void;
  hills(context: SKRSContext2D): void;
  /** Where the sun stands at a progress of 0..1 on its way from left to right; level, in whole steps of two pixels. */
  sunAt(progress: number): SunPlace;
  /** Where the seed puts it in a still picture. */
  restingSun: SunPlace;
}

/** The sun's centre and the radius of everything that is drawn of it, in pixels. */
export interface SunPlace {
  x: number;
  y: number;
  radius: number;
}

// Consecutive seeds turn the colour wheel by the golden angle: neighbours differ most.
const GOLDEN_ANGLE_DEGREES = 137.508;
const HILL_LAYERS = 4;
const HALO = 1.3;

/** The landscape of a seed. */
export function sceneOf(seed: number, width: number, height: number): Scene {
  const random = randomNumbers(seed);
  const hue = (Math.abs(seed) * GOLDEN_ANGLE_DEGREES) % 360;
  const hills = Array.from({ length: HILL_LAYERS }, (_, layer) => hillLine(random, layer, width, height));
  const radius = Math.min(width, height) * 0.075 * HALO;
  const sunAt = (progress: number): SunPlace => ({
    x: 2 * Math.round((width * (0.12 + 0.76 * progress)) / 2),
    y: height * 0.27,
    radius,
  });
  return {
    sunAt,
    restingSun: sunAt(0.2 + 0.6 * random()),
    sky(context) {
      // One column, drawn out sideways: painted in place it would be dithered, and noise is all that neither PNG nor the
      // video writer can compress.
      const column = createCanvas(1, height);
      const columnContext = column.getContext('2d');
      const gradient = columnContext.createLinearGradient(0, 0, 0, height * 0.72);
      gradient.addColorStop(0, `hsl(${hue}, 55%, 22%)`);
      gradient.addColorStop(0.6, `hsl(${hue + 25}, 52%, 48%)`);
      gradient.addColorStop(1, `hsl(${hue + 50}, 70%, 72%)`);
      columnContext.fillStyle = gradient;
      columnContext.fillRect(0, 0, 1, height);
      context.imageSmoothingEnabled = false;
      context.drawImage(column, 0, 0, 1, height, 0, 0, width, height);
      context.imageSmoothingEnabled = true;
    },
    sun(context, place) {
      disc(context, place, place.radius, `hsla(${hue + 60}, 100%, 85%, 0.3)`);
      disc(context, place, place.radius / HALO, `hsl(${hue + 60}, 100%, 88%)`);
    },
    hills(context) {
      hills.forEach((line, layer) => {
        const lightness = 46 - (layer * 34) / (HILL_LAYERS - 1);
        context.fillStyle = `hsl(${hue + 30 - layer * 12}, ${34 + layer * 4}%, ${lightness}%)`;
        context.beginPath();
        context.moveTo(0, height);
        for (let x = 0; x <= width + 4; x += 4) context.lineTo(x, line(x));
        context.lineTo(width + 4, height);
        context.fill();
      });
    },
  };
}

function disc(context: SKRSContext2D, place: SunPlace, radius: number, color: string): void {
  context.fillStyle = color;
  context.beginPath();
  context.arc(place.x, place.y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** The outline of one range of hills: three waves, lower and rounder the nearer it is. */
function hillLine(random: () => number, layer: number, width: number, height: number): (x: number) => number {
  const base = height * (0.5 + layer * 0.085);
  const waves = [1, 2.3, 5.1].map((frequency) => ({
    frequency: (frequency * (0.7 + 0.6 * random()) * 2 * Math.PI) / width,
    phase: random() * 2 * Math.PI,
    amplitude: (height * (0.055 - layer * 0.008)) / frequency ** 0.7,
  }));
  return (x) =>
    waves.reduce(
      (y, { frequency, phase, amplitude }) => y + amplitude * Math.sin(x * frequency + phase),
      base,
    );
}

// Mulberry32: small, fast, the same on every machine.
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
