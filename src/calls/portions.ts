/**
 * A statement of very many calls: all of them are checked, and kept room for in its budgets, before the first is sent. Then they are looked
 * up and opened portion by portion, each as its turn comes near: the first is sent at once, and what waits costs little.
 */
import { randomUUID } from 'node:crypto';
import type { ReservedCalls } from '../ledger/job.js';
import type { Services } from './course.js';
import { isRefusal } from './meter.js';
import type { StatementCall } from './statement.js';
import { createTurns, type Turns } from './turns.js';

/** Calls that are decided together. */
export interface Portion {
  calls: StatementCall[];
  /** Settles when it is decided that they are made, or that none of them may be. */
  decided: Promise<void>;
}

/** Room in budgets that a portion is given when it is opened. */
export interface Reservation {
  /** Of its rows in the ledger. */
  id: string;
  turns: Turns;
  /** Takes back what the session was counted for it. */
  takeBack(): void;
}

interface Deciding {
  services: Services;
  /** Decides about all of them: where one must not be made, none is sent. */
  decide(calls: StatementCall[], reservation?: Reservation): Promise<void>;
}

const most = 500;
/** The first of thousands are sent the sooner the fewer they are; of fewer calls as many as possible are to go in one request. */
const thousands = 5_000;
const fewAtFirst = 50;

export function inPortions(calls: StatementCall[], deciding: Deciding): Portion[] {
  const [first] = calls;
  if (!first || calls.length <= most || calls.some(({ dryRun }) => dryRun))
    return [{ calls, decided: deciding.decide(calls) }];
  const atFirst = calls.length < thousands ? most : fewAtFirst;
  const parts = [calls.slice(0, atFirst)];
  for (let from = atFirst; from < calls.length; from += most) parts.push(calls.slice(from, from + most));
  const reserving = reserve(parts, deciding);
  let before: Promise<unknown> = reserving;
  const portions = parts.map((part, index) => {
    const decided = before.then(async () => {
      const reservation = (await reserving)?.[index];
      // Without one all were decided together.
      if (!reservation) return;
      await reservation.turns.room(part, first.statement.stop.signal);
      await deciding.decide(part, reservation);
    });
    before = decided;
    return { calls: part, decided };
  });
  before.catch(async () => giveBack((await reserving.catch(() => undefined)) ?? [], deciding.services));
  return portions;
}

/** Undefined: with what earlier calls have made they may fit a budget that they do not fit alone, so all are decided together, and nothing is kept. */
async function reserve(
  parts: StatementCall[][],
  { services, decide }: Deciding,
): Promise<Reservation[] | undefined> {
  const calls = parts.flat();
  await Promise.all(calls.map((call) => call.storageChecked));
  const reservations: Reservation[] = [];
  const turns = createTurns();
  try {
    for (const part of parts)
      reservations.push({ id: randomUUID(), turns, takeBack: takeOfSession(part, services) });
    const rows = parts.flatMap((part, index) => reservedCalls(part, reservations[index]?.id ?? ''));
    if (await services.ledger.reserve(rows)) return reservations;
    for (const { takeBack } of reservations) takeBack();
  } catch (error) {
    await giveBack(reservations, services);
    if (!isRefusal(error)) throw error;
  }
  await decide(calls);
  return undefined;
}

/** The statement is over or has failed: what is left of its room is everybody's. */
async function giveBack(reservations: Reservation[], { ledger }: Services): Promise<void> {
  for (const { takeBack } of reservations) takeBack();
  await ledger.unreserve(reservations.map(({ id }) => id)).catch(() => {});
}

function takeOfSession(part: StatementCall[], { spending }: Services): () => void {
  const { origin, spendAtMost } = (part[0] as StatementCall).statement;
  const { engineProcessId } = origin;
  const back = spending.take(
    { engineProcessId, spendAtMost },
    part.map(({ checked }) => checked),
  );
  return () => {
    for (const correct of back) correct(0);
  };
}

/** Calls of one model and price are counted together. */
function reservedCalls(part: StatementCall[], id: string): ReservedCalls[] {
  const rows = new Map<string, ReservedCalls>();
  for (const { checked, statement } of part) {
    const { model, request } = checked;
    const { amount, currency = 'CNY' } = request.estimate.cost ?? {};
    const { origin, tag } = statement;
    const key = [model.name, amount, currency].join('\n');
    const row = rows.get(key) ?? {
      ...{ id, origin, tag, modelName: model.name, estimatedPrice: amount, currency, calls: 0 },
    };
    row.calls += 1;
    rows.set(key, row);
  }
  return [...rows.values()];
}
