/** A bar a day, stacked by name; drawn as SVG, so that it takes the page's colours, scales, and can be read aloud. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { number, shortDay } from './language.js';

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

export function StackedBars({
  days,
  series,
  format,
  label,
}: {
  days: string[];
  series: Series[];
  format(value: number): string;
  label: string;
}) {
  const [looked, setLooked] = useState<string>();
  const figure = useRef<HTMLElement>(null);
  const width = useWidth(figure);
  const sums = new Map(
    days.map((day) => [day, series.reduce((sum, { values }) => sum + (values.get(day) ?? 0), 0)]),
  );
  const ticks = ticksUpTo(Math.max(...sums.values(), 0));
  const most = ticks.at(-1) ?? 1;
  const y = (value: number) => height - bottom - (value / most) * (height - bottom - top);
  const step = (width - left) / days.length;
  const barWidth = Math.min(36, step * 0.7);
  const named = Math.ceil((days.length * widthOfDayName) / (width - left));
  const shown = looked ?? days.findLast((day) => (sums.get(day) ?? 0) > 0);
  return (
    <figure class="plot" ref={figure}>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        {ticks.map((value) => (
          <g key={value} class="tick">
            <line x1={left} x2={width} y1={y(value)} y2={y(value)} />
            <text x={left - 10} y={y(value) + 4} text-anchor="end">
              {number(value)}
            </text>
          </g>
        ))}
        {days.map((day, index) => {
          const x = left + index * step + (step - barWidth) / 2;
          let base = 0;
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: pointing at a bar only repeats what the table below says.
            <g key={day} onMouseEnter={() => setLooked(day)} class={day === shown ? 'looked' : ''}>
              <rect class="hit" x={left + index * step} y={top} width={step} height={height - bottom - top} />
              {series.map(({ name, values }, place) => {
                const value = values.get(day) ?? 0;
                const from = y(base);
                base += value;
                if (value <= 0) return null;
                return (
                  <rect
                    key={name}
                    class={`series-${place}`}
                    x={x}
                    y={y(base)}
                    width={barWidth}
                    height={from - y(base)}
                  />
                );
              })}
              {(days.length - 1 - index) % named === 0 && (
                <text
                  class="day-name"
                  x={index === days.length - 1 ? width : x + barWidth / 2}
                  y={height - 6}
                  text-anchor={index === days.length - 1 ? 'end' : 'middle'}
                >
                  {shortDay(day)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      {shown && (
        <figcaption>
          <strong>
            {shortDay(shown)} · {format(sums.get(shown) ?? 0)}
          </strong>
          <ul class="legend">
            {series.map(({ name, values }, place) => (
              <li key={name} class={`series-${place}`}>
                {name} <span class="soft">{format(values.get(shown) ?? 0)}</span>
              </li>
            ))}
          </ul>
        </figcaption>
      )}
    </figure>
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
