/** The fault run: random faults at every step of random statements. What the provider billed is in the ledger, at its place, and nobody else's; nothing is billed twice. */
import { expect, test } from 'vitest';
import { runFaults } from './fault-run.js';

const count = Number(process.env.HOLOGEN_SCHEDULES ?? 300);
const seed = Number(process.env.HOLOGEN_SEED ?? 20_261_128);
const first = Number(process.env.HOLOGEN_FIRST_SCHEDULE ?? 0);
/** Of the schedules so many in a hundred go through two gateways on one engine. */
const shareOfTwo = 0.2;
/** And so many through one whose models have pools of two keys, one of which is throttled and refused more often. */
const shareOfPools = 0.2;

test.each([
  { gateways: 1, pools: false, schedules: Math.ceil(count * (1 - shareOfTwo - shareOfPools)) },
  { gateways: 2, pools: false, schedules: Math.ceil(count * shareOfTwo) },
  { gateways: 1, pools: true, schedules: Math.ceil(count * shareOfPools) },
] as const)(
  `$schedules schedules of faults through $gateways gateway(s), pools: $pools, seed ${seed}: nothing billed is lost or billed twice, no row has another's result`,
  async ({ gateways, pools, schedules }) => {
    const { breaches, told } = await runFaults({ seed, count: schedules, first, gateways, pools });
    console.log(told);
    expect(breaches).toEqual([]);
  },
  24 * 3_600_000,
);
