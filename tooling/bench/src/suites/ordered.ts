/** Ordered envelopes over 1,000 keys, against a loop that does nothing but encode and decode the same envelopes. */
import { compare, perSecond, ratio } from '../compare.js';
import { bareLoop, ebusCodecLoop, ebusOrdered, memoryBus } from '../contenders.js';
import { type Row, speedOf } from '../report.js';

const TARGET = 0.68;

export async function ordered(rounds: number): Promise<Row[]> {
  await using bus = await memoryBus();
  const contenders = { bare: bareLoop(), codec: ebusCodecLoop(), ebus: await ebusOrdered(bus) };
  const { bare, codec, ebus } = await compare(contenders, rounds);
  const faster = perSecond(codec, 'processor') > perSecond(bare, 'processor') ? codec : bare;
  const figure = ratio(ebus, faster, 'processor');
  return [
    speedOf(bare),
    speedOf(codec),
    {
      ...speedOf(ebus),
      against: 'the faster loop',
      figure: `${figure.toFixed(2)}x`,
      target: `>= ${TARGET}x`,
      met: figure >= TARGET,
    },
  ];
}
