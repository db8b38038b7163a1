/** Reads a gateway's /metrics as a scraper does. */
import { expect } from 'vitest';

export interface Samples {
  text: string;
  /** Sum of the samples of this name that carry these labels; 0 without any. */
  value(name: string, labels?: Record<string, string>): number;
  /** Names as they are declared: of histograms without _bucket, _sum and _count. */
  types: Map<string, string>;
}

export async function readMetrics(base: string): Promise<Samples> {
  const answer = await fetch(`${base}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  const lines = text.split('\n');
  const types = new Map(
    lines
      .filter((line) => line.startsWith('# TYPE '))
      .map((line) => line.split(' ').slice(2, 4) as [string, string]),
  );
  return {
    text,
    types,
    value: (name, labels = {}) =>
      lines
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .filter((line) =>
          Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
        )
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0),
  };
}
