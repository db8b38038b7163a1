/** The dashboard and the operator's page name metrics that exist, and leave none out. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPrometheusMeter } from '../../src/metrics/prometheus.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { readMetrics, type Samples } from './read-metrics.js';

interface Panel {
  title: string;
  targets: { expr: string }[];
}

const file = (name: string) =>
  readFile(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
const labels = new Set('instance model model_type outcome currency attempt sqlstate le'.split(' '));

let gateway: TestGateway;
let samples: Samples;
let panels: Panel[];
beforeAll(async () => {
  gateway = await startTestGateway({ metricsPort: '0' });
  samples = await readMetrics(gateway.metrics);
  panels = JSON.parse(await file('grafana-dashboard.json')).panels;
});
afterAll(() => gateway?.close());

const own = () => [...samples.types.keys()].filter((name) => name.startsWith('hologen_'));
const namedIn = (text: string) => text.match(/\b(?:hologen|process|nodejs)_[a-z0-9_]+/g) ?? [];
/** A histogram has samples of other names than its own. */
const declared = (name: string) =>
  samples.types.has(name) || samples.types.get(name.replace(/_(?:bucket|sum|count)$/, '')) === 'histogram';

test('every expression of the dashboard asks for metrics and labels that exist', () => {
  expect(panels.length).toBeGreaterThan(10);
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const names = namedIn(expr);
      expect(names, `${title}: ${expr}`).not.toHaveLength(0);
      for (const name of names) expect(declared(name), `${title}: ${name}`).toBe(true);
      const asked = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
      const matched = [...expr.matchAll(/[{,]\s*([a-z_]+)\s*=/g)].map(([, label = '']) => label);
      for (const label of [...asked, ...matched]) expect(labels, `${title}: ${label}`).toContain(label);
    }
  }
});

test('every metric of hologen is on the dashboard and explained for operators', async () => {
  const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namedIn(expr)));
  const explained = await file('operations.md');
  for (const name of own()) {
    expect(
      shown.some((each) => each.startsWith(name)),
      `${name} on the dashboard`,
    ).toBe(true);
    expect(explained, name).toContain(`\`${name}\``);
  }
  for (const name of namedIn(explained)) expect(declared(name), `${name} in operations.md`).toBe(true);
});

test('counters end in _total, and what is measured has its unit in its name', () => {
  for (const name of own()) {
    const isCounter = samples.types.get(name) === 'counter';
    expect(name.endsWith('_total'), name).toBe(isCounter);
    expect(name).toMatch(
      /_(seconds|bytes_total|money_total|per_second_pace)$|_(sessions|calls|statements|submits|retries|refused|restarts|attempts|messages)(_total|_limit)?$/,
    );
  }
});

test('names of models beyond two hundred are counted together', async () => {
  const registry = new Registry();
  const meter = createPrometheusMeter(registry);
  for (let n = 1; n <= 300; n++) meter.saved({ name: `model ${n}`, modelType: 'qwen-image' }, 1);
  const text = await registry.metrics();
  const lines = text.split('\n').filter((line) => line.startsWith('hologen_saved_bytes_total{'));
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe('hologen_saved_bytes_total{model="other",model_type="other"} 100');
});
