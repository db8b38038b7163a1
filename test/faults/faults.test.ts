/** The fault run: random faults at every step of random statements. What the provider billed is in the ledger, at its place, and nobody else's; nothing is billed twice. */
import { expect, test } from 'vitest';
import { runFaults } from './fault-run.js';

const count = Number(process.env.HOLOGEN_SCHEDULES ?? 300);
const seed = Number(process.env.HOLOGEN_SEED ?? 20_261_128);
const first = Number(process.env.HOLOGEN_FIRST_SCHEDULE ?? 0);
/** Of the schedules so many in a hundred go through two gateways on one engine. */
const shareOfTwo = 0.2;

test.each([
  { gateways: 1, schedules: Math.ceil(count * (1 - shareOfTwo)) },
  { gateways: 2, schedules: Math.ceil(count * shareOfTwo) },
] as const)(
  `$schedules schedules of faults through $gateways gateway(s), seed ${seed}: nothing billed is lost or billed twice, no row has another's result`,
  async ({ gateways, schedules }) => {
    const { breaches, told } = await runFaults({ seed, count: schedules, first, gateways });
    console.log(told);
    expect(breaches).toEqual([]);
  },
  24 * 3_600_000,
);
