/** What it costs to look at each payload, at the keys of each envelope, and at the aggregate of each received event. */
import type { EnvelopeInput } from '@ebus/core';
// The parts themselves: what the package exports does more than is measured here.
import { refuseUnknownKeys } from '../../../../packages/core/src/envelope/envelope-keys.js';
import { jsonText } from '../../../../packages/core/src/envelope/json-text.js';
import { type Contender, compare, extraMicroseconds, type Measured } from '../compare.js';
import { ebusOrdered, memoryBus } from '../contenders.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { type Row, speedOf } from '../report.js';

const TARGET_MICROSECONDS = 0.2;

class Placed {
  readonly orderId = 'A-10442';
  readonly total = 129.9;
}

const payloads: Readonly<Record<string, unknown>> = {
  'an order of 13 values': envelopeNumber(1, aggregateIds(1)).payload,
  'two values': { orderId: 'A-10442', total: 129.9 },
  'an object of a class': new Placed(),
  'a date and a value': { at: new Date(0), total: 129.9 },
};

export async function checks(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, payload] of Object.entries(payloads)) {
    const contenders = {
      bare: loop(`JSON.stringify, ${name}`, () => JSON.stringify(payload).length),
      checked: loop(`the same, checked`, () => jsonText(payload, 'payload').length),
    };
    const { bare, checked } = await compare(contenders, rounds);
    rows.push(costOver(checked, bare, bare.name));
  }
  const input: EnvelopeInput = envelopeNumber(1, aggregateIds(1));
  const keys = await compare(
    {
      bare: loop('an envelope copied', () => Object.keys({ ...input }).length),
      checked: loop('the same, its keys checked', () => {
        refuseUnknownKeys(input);
        return Object.keys({ ...input }).length;
      }),
    },
    rounds,
  );
  rows.push(costOver(keys.checked, keys.bare, keys.bare.name));
  await using byKey = await memoryBus();
  await using byAggregate = await memoryBus();
  const lanes = await compare(
    {
      key: { ...(await ebusOrdered(byKey, 'key')), name: 'ordered events, laneBy: key' },
      aggregate: { ...(await ebusOrdered(byAggregate)), name: 'ordered events, laneBy: aggregate' },
    },
    rounds,
  );
  rows.push(costOver(lanes.aggregate, lanes.key, lanes.key.name));
  return rows;
}

let sum = 0;

function loop(name: string, work: () => number): Contender {
  return {
    name,
    messages: 300_000,
    run(messages) {
      for (let i = 0; i < messages; i++) sum += work();
      // Looked at, so that the engine does not leave the work out.
      if (sum < 0) throw new Error('the work has no result');
    },
  };
}

function costOver(measured: Measured, reference: Measured, against: string): Row {
  const cost = extraMicroseconds(measured, reference, 'processor');
  return {
    ...speedOf(measured),
    against,
    figure: `${cost.toFixed(3)} µs`,
    target: `< ${TARGET_MICROSECONDS} µs`,
    met: cost < TARGET_MICROSECONDS,
  };
}
