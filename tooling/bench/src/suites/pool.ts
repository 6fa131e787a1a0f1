/** Handlers that wait for I/O: 256 aggregates at once, against one message after another. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventBus } from '@ebus/core';
import { type Contender, compare, ratio } from '../compare.js';
import { memoryBus } from '../contenders.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { type Row, speedOf } from '../report.js';

const TARGET = 230;
const KEYS = aggregateIds(1000);
const io = () => sleep(10);

export async function pool(rounds: number): Promise<Row[]> {
  await using bus = await memoryBus();
  const { serial, ebus } = await compare({ serial: oneByOne(), ebus: await pooled(bus) }, rounds);
  const figure = ratio(ebus, serial, 'clock');
  return [
    speedOf(serial),
    {
      ...speedOf(ebus),
      against: 'one by one',
      figure: `${Math.round(figure)}x`,
      target: `>= ${TARGET}x`,
      met: figure >= TARGET,
    },
  ];
}

function oneByOne(): Contender {
  return {
    name: '10 ms of I/O, one message after another',
    messages: 100,
    async run(messages) {
      for (let i = 0; i < messages; i++) await io();
    },
  };
}

async function pooled(bus: EventBus): Promise<Contender> {
  const countdown = new Countdown();
  const handle = async (): Promise<void> => {
    await io();
    countdown.hit();
  };
  await bus.subscribeEnvelope('bench.pool', handle, { concurrency: 256 });
  return {
    name: 'ebus, 10 ms of I/O, ordered, 1,000 keys, pool of 256',
    messages: 40_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, (i) => bus.publishEnvelope('bench.pool', envelopeNumber(i, KEYS)));
      await handled;
    },
  };
}
