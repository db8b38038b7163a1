/** What every sandbox result says of itself, laid over the landscape: the badge, the title, the prompt, the reference pictures. */
import { type Image, loadImage, type SKRSContext2D } from '@napi-rs/canvas';
import { pictureSize } from './picture-size.js';
import { oneLine, useFont, wrapText } from './text-drawing.js';
import type { Area } from './yuv-frame.js';

/** What a card shows. */
export interface CardContent {
  width: number;
  height: number;
  title: string;
  prompt: string;
  references: Reference[];
  /** Leaves room for a progress bar in the panel and for a counter in the upper right corner. */
  isVideo: boolean;
}

/** A decoded reference, or what to write where one cannot be shown. */
export type Reference = Image | string;

/** Measures in pixels that follow from the size of the picture. */
export interface CardLayout {
  unit: number;
  margin: number;
  panel: Area;
  promptLines: string[];
  promptSize: number;
  titleSize: number;
  padding: number;
  badgeHeight: number;
  /** A thin bar along the panel's foot; videos show their progress there. */
  bar: Area;
}

const BADGE = 'SANDBOX';
const EXPLANATION = 'simulated, not made by a model';
const PANEL_COLOR = 'rgba(9, 12, 24, 0.78)';
const BADGE_COLOR = '#ffc53d';
const MAX_DECODED_PIXELS = 64e6;
const MAX_PROMPT_CHARACTERS = 1200;

/** Decodes reference files; what is no picture, or a broken or huge one, becomes a note. */
export async function readReferences(references: Uint8Array[]): Promise<Reference[]> {
  return Promise.all(
    references.map(async (bytes) => {
      const size = pictureSize(bytes);
      if (!size) return Buffer.from(bytes.subarray(4, 8)).toString('latin1') === 'ftyp' ? 'video' : 'file';
      if (size.width * size.height > MAX_DECODED_PIXELS) return `${size.width}×${size.height}`;
      try {
        return await loadImage(Buffer.from(bytes));
      } catch {
        return size.format;
      }
    }),
  );
}

/** Breaks the prompt into lines and places everything. */
export function layOut(context: SKRSContext2D, content: CardContent): CardLayout {
  const { width, height } = content;
  const unit = Math.min(width, height) / 100;
  const margin = 4 * unit;
  const padding = 3.6 * unit;
  const titleSize = Math.max(9, 2.7 * unit);
  const promptSize = Math.max(10, 3.9 * unit);
  const prompt = [...content.prompt].slice(0, MAX_PROMPT_CHARACTERS).join('');
  useFont(context, prompt, promptSize, 400);
  const maxLines = height > width * 1.2 ? 6 : 4;
  const promptLines = wrapText(context, prompt, width - 2 * (margin + padding), maxLines);
  const panelHeight =
    padding * (content.isVideo ? 2.2 : 1.6) + titleSize * 1.7 + promptLines.length * promptSize * 1.4;
  const panel = {
    x: margin,
    y: height - margin - panelHeight,
    width: width - 2 * margin,
    height: panelHeight,
  };
  const barHeight = Math.max(2, 0.9 * unit);
  const bar = {
    x: panel.x + padding,
    y: panel.y + panelHeight - padding * 0.55 - barHeight / 2,
    width: panel.width - 2 * padding,
    height: barHeight,
  };
  return {
    unit,
    margin,
    panel,
    promptLines,
    promptSize,
    titleSize,
    padding,
    badgeHeight: Math.max(16, 6.4 * unit),
    bar,
  };
}

/** Draws everything that does not move. */
export function drawCard(context: SKRSContext2D, content: CardContent, layout: CardLayout): void {
  drawBadge(context, content, layout);
  drawPanel(context, content, layout);
  drawReferences(context, content, layout);
}

/** A dark label with rounded ends; returns the area it covers. `anchor` says which end of it `x` is. */
export function drawPill(
  context: SKRSContext2D,
  text: string,
  place: { x: number; y: number; height: number; anchor: 'left' | 'right'; width?: number },
  colors: { fill: string; text: string; weight: 400 | 700 },
): Area {
  const { y, height } = place;
  useFont(context, text, height * 0.56, colors.weight);
  const textWidth = context.measureText(text).width;
  const width = place.width ?? textWidth + height * 0.9;
  const x = place.anchor === 'left' ? place.x : place.x - width;
  context.fillStyle = colors.fill;
  context.beginPath();
  context.roundRect(x, y, width, height, height / 2);
  context.fill();
  context.fillStyle = colors.text;
  context.textBaseline = 'alphabetic';
  context.fillText(text, x + (width - textWidth) / 2, y + height * 0.7);
  return { x, y, width, height };
}

function drawBadge(
  context: SKRSContext2D,
  { width, isVideo }: CardContent,
  { margin, badgeHeight }: CardLayout,
): void {
  const place = { x: margin, y: margin, height: badgeHeight, anchor: 'left' as const };
  const badge = drawPill(context, BADGE, place, { fill: BADGE_COLOR, text: '#1b1300', weight: 700 });
  const size = badgeHeight * 0.44;
  const x = badge.x + badge.width + badgeHeight * 0.35;
  useFont(context, EXPLANATION, size, 400);
  const text = oneLine(context, EXPLANATION, width - margin - x - (isVideo ? badgeHeight * 3.6 : 0));
  context.fillStyle = 'rgba(255, 255, 255, 0.94)';
  context.fillText(text, x, margin + badgeHeight * 0.66);
}

function drawPanel(context: SKRSContext2D, content: CardContent, layout: CardLayout): void {
  const { panel, padding, titleSize, promptSize, unit } = layout;
  context.fillStyle = PANEL_COLOR;
  context.beginPath();
  context.roundRect(panel.x, panel.y, panel.width, panel.height, 2.4 * unit);
  context.fill();
  context.textBaseline = 'alphabetic';
  const x = panel.x + padding;
  let y = panel.y + padding + titleSize * 0.8;
  useFont(context, content.title, titleSize, 700);
  context.fillStyle = BADGE_COLOR;
  context.fillText(oneLine(context, content.title, panel.width - 2 * padding), x, y);
  y += titleSize * 0.6 + promptSize * 1.15;
  context.fillStyle = '#ffffff';
  for (const line of layout.promptLines) {
    useFont(context, line, promptSize, 400);
    context.fillText(line, x, y);
    y += promptSize * 1.4;
  }
}

function drawReferences(context: SKRSContext2D, { references }: CardContent, layout: CardLayout): void {
  if (references.length === 0) return;
  const { panel, unit } = layout;
  const gap = 2 * unit;
  const border = 0.8 * unit;
  const aspects = references.map(aspectOf);
  const available = panel.width - gap * (references.length - 1) - references.length * 2 * border;
  const height = Math.min(24 * unit, available / aspects.reduce((sum, aspect) => sum + aspect, 0));
  let x = panel.x;
  const y = panel.y - gap - height - border;
  references.forEach((reference, index) => {
    const width = height * (aspects[index] as number);
    const area = { x: x + border, y, width, height };
    drawReference(context, reference, index + 1, area, border);
    x += width + 2 * border + gap;
  });
}

function aspectOf(reference: Reference): number {
  if (typeof reference === 'string') return 1;
  return Math.min(2, Math.max(0.5, reference.width / reference.height));
}

function drawReference(
  context: SKRSContext2D,
  reference: Reference,
  number: number,
  area: Area,
  border: number,
): void {
  context.fillStyle = '#ffffff';
  context.beginPath();
  const outer = [
    area.x - border,
    area.y - border,
    area.width + 2 * border,
    area.height + 2 * border,
  ] as const;
  context.roundRect(...outer, border * 1.5);
  context.fill();
  if (typeof reference === 'string') {
    context.fillStyle = '#2b3147';
    context.fillRect(area.x, area.y, area.width, area.height);
    const size = area.height * 0.18;
    useFont(context, reference, size, 400);
    context.fillStyle = '#ffffff';
    const textWidth = context.measureText(reference).width;
    context.fillText(reference, area.x + (area.width - textWidth) / 2, area.y + area.height / 2 + size / 3);
  } else {
    drawCovering(context, reference, area);
  }
  const height = Math.max(10, area.height * 0.17);
  const place = { x: area.x + height * 0.3, y: area.y + height * 0.3, height, anchor: 'left' as const };
  drawPill(context, String(number), place, { fill: 'rgba(9, 12, 24, 0.85)', text: '#ffffff', weight: 700 });
}

// Fills the area; what is too long for it in one direction is cut off on both sides.
function drawCovering(context: SKRSContext2D, image: Image, area: Area): void {
  const scale = Math.max(area.width / image.width, area.height / image.height);
  const width = area.width / scale;
  const height = area.height / scale;
  context.imageSmoothingQuality = 'high';
  context.drawImage(
    image,
    (image.width - width) / 2,
    (image.height - height) / 2,
    width,
    height,
    area.x,
    area.y,
    area.width,
    area.height,
  );
}
