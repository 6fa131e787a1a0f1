/** Publish to handler without order, against what passes a message on within a process otherwise. */
import { EventEmitter } from 'eventemitter3';
import { type Contender, compare, perSecond, ratio } from '../compare.js';
import { directCalls, ebusUnordered, memoryBus, NoopHandler } from '../contenders.js';
import { FLOOD } from '../pipelined.js';
import { type Row, speedOf } from '../report.js';

const TARGET = 1_500_000;

export async function unordered(rounds: number): Promise<Row[]> {
  await using bus = await memoryBus();
  const contenders = {
    direct: directCalls(),
    emitter: emitter(),
    ebus: await ebusUnordered(bus),
    flood: await ebusUnordered(bus, FLOOD),
  };
  const { direct, emitter: emitted, ebus, flood } = await compare(contenders, rounds);
  return [
    speedOf(direct),
    speedOf(emitted),
    { ...speedOf(ebus), target: '>= 1,500,000 msg/CPU s', met: perSecond(ebus, 'processor') >= TARGET },
    { against: 'handler called directly', figure: `${ratio(ebus, direct, 'processor').toFixed(3)}x` },
    { against: 'eventemitter3', figure: `${ratio(ebus, emitted, 'processor').toFixed(3)}x` },
    speedOf(flood),
  ];
}

function emitter(): Contender {
  const events = new EventEmitter();
  events.on('bench.unordered', new NoopHandler().handle);
  const payload = new Uint8Array(256).fill(0x61);
  return {
    name: 'eventemitter3 emit',
    messages: 20_000_000,
    run(messages) {
      for (let i = 0; i < messages; i++) events.emit('bench.unordered', payload);
    },
  };
}
