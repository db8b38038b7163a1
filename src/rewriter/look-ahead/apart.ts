/** Calls of one stage of which one orders, groups or joins what another is asked about: each in a stage of its own, what decides about rows first. */
import { callsInKeys, withAlikeTogether, written } from './alike.js';
import type { Site } from './sites.js';

/** Each stage is a look of its own. */
const mostStages = 8;

/** Undefined: they are apart, or too many. Those that decide about rows stay together: one expression may stand there several times. */
export function sitesApart(sites: Site[], node: unknown): Site[] | undefined {
  const stages = new Set(sites.map(({ stage }) => stage));
  if (stages.size === sites.length || sites.length > mostStages) return undefined;
  const keys = new Set([...callsInKeys(node)].map(written));
  const place = ({ stage, call }: Site) => 2 * stage + (keys.has(written(call)) ? 0 : 1);
  let [stage, last] = [0, 0];
  const apart = [...sites]
    .sort((a, b) => place(a) - place(b))
    .map((site) => {
      const isKey = place(site) % 2 === 0;
      if (!isKey || place(site) !== last) stage += 1;
      last = place(site);
      return { call: site.call, stage };
    });
  return withAlikeTogether(apart, node);
}
