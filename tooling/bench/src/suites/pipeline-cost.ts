/** What ebus adds to a message, from publish to handler: the time with it minus the time without. */
import { compare, extraMicroseconds, type Measured } from '../compare.js';
import { bareLoop, directCalls, ebusOrdered, ebusUnordered, memoryBus } from '../contenders.js';
import { type Row, speedOf } from '../report.js';

export async function pipelineCost(rounds: number): Promise<Row[]> {
  await using bus = await memoryBus();
  const contenders = {
    direct: directCalls(),
    unordered: await ebusUnordered(bus),
    bare: bareLoop(),
    ordered: await ebusOrdered(bus),
  };
  const { direct, unordered, bare, ordered } = await compare(contenders, rounds);
  return [
    costOver(unordered, direct, 'minus the direct call', 1),
    costOver(ordered, bare, 'minus the bare loop', 2),
  ];
}

function costOver(measured: Measured, reference: Measured, against: string, target: number): Row {
  const cost = extraMicroseconds(measured, reference, 'processor');
  return {
    ...speedOf(measured),
    against,
    figure: `${cost.toFixed(2)} µs`,
    target: `< ${target} µs`,
    met: cost < target,
  };
}
