/** A bar a day, stacked by name; drawn as SVG, so that it takes the page's colours, scales, and can be read aloud. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { number } from './language.js';

export interface Series {
  name: string;
  /** Day (`2026-11-21`) to value. */
  values: Map<string, number>;
}

const height = 240;
const left = 46;
const bottom = 26;
const top = 8;
const widthOfDayName = 80;

interface Plot {
  days: string[];
  series: Series[];
  format(value: number): string;
  /** What a bar is called. */
  nameOf(day: string): string;
}

/** Where things stand, in pixels. */
interface Scale {
  width: number;
  /** The width of a day. */
  step: number;
  y(value: number): number;
}

export function StackedBars({ label, ...plot }: Plot & { label: string }) {
  const { days, series } = plot;
  const [looked, setLooked] = useState<string>();
  const figure = useRef<HTMLElement>(null);
  const width = useWidth(figure);
  const sums = new Map(days.map((day) => [day, sumOf(series, day)]));
  const ticks = ticksUpTo(Math.max(...sums.values(), 0));
  const most = ticks.at(-1) ?? 1;
  const scale: Scale = {
    width,
    step: (width - left) / days.length,
    y: (value) => height - bottom - (value / most) * (height - bottom - top),
  };
  const shown = looked ?? days.findLast((day) => (sums.get(day) ?? 0) > 0);
  return (
    <figure class="plot" ref={figure}>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        <Ticks ticks={ticks} scale={scale} />
        {days.map((day, index) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: pointing at a bar only repeats what the table below says.
          <g key={day} onMouseEnter={() => setLooked(day)} class={day === shown ? 'looked' : ''}>
            <Bar day={day} index={index} series={series} scale={scale} />
            <DayName day={day} index={index} count={days.length} scale={scale} name={plot.nameOf(day)} />
          </g>
        ))}
      </svg>
      {shown && <Legend day={shown} sum={sums.get(shown) ?? 0} {...plot} />}
    </figure>
  );
}

function sumOf(series: Series[], day: string): number {
  return series.reduce((sum, { values }) => sum + (values.get(day) ?? 0), 0);
}

function Ticks({ ticks, scale: { width, y } }: { ticks: number[]; scale: Scale }) {
  return ticks.map((value) => (
    <g key={value} class="tick">
      <line x1={left} x2={width} y1={y(value)} y2={y(value)} />
      <text x={left - 10} y={y(value) + 4} text-anchor="end">
        {number(value)}
      </text>
    </g>
  ));
}

const barWidth = (step: number) => Math.min(36, step * 0.7);

interface DayPlace {
  day: string;
  index: number;
  scale: Scale;
}

function Bar({ day, index, series, scale: { step, y } }: DayPlace & { series: Series[] }) {
  const x = left + index * step + (step - barWidth(step)) / 2;
  let base = 0;
  return (
    <>
      <rect class="hit" x={left + index * step} y={top} width={step} height={height - bottom - top} />
      {series.map(({ name, values }, place) => {
        const value = values.get(day) ?? 0;
        const from = y(base);
        base += value;
        if (value <= 0) return null;
        const box = { x, y: y(base), width: barWidth(step), height: from - y(base) };
        return <rect key={name} class={`series-${place}`} {...box} />;
      })}
    </>
  );
}

/** As many days are named as have room, the last always. */
function DayName({ index, count, scale: { width, step }, name }: DayPlace & { count: number; name: string }) {
  const named = Math.ceil((count * widthOfDayName) / (width - left));
  const isLast = index === count - 1;
  if ((count - 1 - index) % named !== 0) return null;
  return (
    <text
      class="day-name"
      x={isLast ? width : left + (index + 0.5) * step}
      y={height - 6}
      text-anchor={isLast ? 'end' : 'middle'}
    >
      {name}
    </text>
  );
}

function Legend({ day, sum, series, format, nameOf }: Plot & { day: string; sum: number }) {
  return (
    <figcaption>
      <strong>
        {nameOf(day)} · {format(sum)}
      </strong>
      <ul class="legend">
        {series.map(({ name, values }, place) => (
          <li key={name} class={`series-${place}`}>
            {name} <span class="soft">{format(values.get(day) ?? 0)}</span>
          </li>
        ))}
      </ul>
    </figcaption>
  );
}

/** The element's width in pixels: what is drawn that wide has letters of their right size. */
function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(800);
  useEffect(() => {
    if (!element.current) return;
    const observer = new ResizeObserver(
      ([entry]) => entry && setWidth(Math.max(200, entry.contentRect.width)),
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}

/** Round numbers from 0 to one that is at least `most`. */
function ticksUpTo(most: number): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
