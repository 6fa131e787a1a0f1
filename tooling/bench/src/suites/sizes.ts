/** Ordered envelopes in memory with payloads of 100 B, 1 KB and 10 KB, against encoding and decoding alone. */
import { type Envelope, type EventBus, encodeEnvelope } from '@ebus/core';
import { bareDecode, bareEncode } from '../bare-codec.js';
import { type Contender, compare, ratio } from '../compare.js';
import { memoryBus } from '../contenders.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { against, type Row, speedOf } from '../report.js';

const KEYS = aggregateIds(1_000);
const SIZES = [100, 1_000, 10_000];

export async function sizes(rounds: number): Promise<Row[]> {
  await using bus = await memoryBus();
  const rows: Row[] = [];
  for (const size of SIZES) {
    const make = envelopesOf(size);
    const bytes = encodeEnvelope(make(0)).byteLength;
    const { bare, ebus } = await compare(
      { bare: bareLoop(make, size), ebus: await ordered(bus, make, size) },
      rounds,
    );
    const title = `payload of ${size.toLocaleString('en-US')} B, ${bytes.toLocaleString('en-US')} B in all`;
    rows.push({ ...speedOf(bare), contender: `${title}: bare loop` });
    rows.push({
      ...speedOf(ebus),
      contender: `${title}: ebus`,
      ...against('the bare loop', ratio(ebus, bare, 'processor')),
    });
  }
  return rows;
}

/** Most of the payload is one text. */
function envelopesOf(size: number): (index: number) => Envelope {
  const payload = { note: 'x'.repeat(Math.max(0, size - 11)) };
  return (index) => ({ ...envelopeNumber(index, KEYS), payload });
}

const messagesOf = (size: number) => Math.round(200_000 / (1 + size / 1_000));

function bareLoop(make: (index: number) => Envelope, size: number): Contender {
  let last: Envelope | undefined;
  return {
    name: 'bare loop',
    messages: messagesOf(size),
    run(messages) {
      for (let i = 0; i < messages; i++) last = bareDecode(bareEncode(make(i)));
      if (last === undefined) throw new Error('nothing was decoded');
    },
  };
}

async function ordered(bus: EventBus, make: (index: number) => Envelope, size: number): Promise<Contender> {
  const countdown = new Countdown();
  const topic = `bench.size-${size}`;
  await bus.subscribeEnvelope(topic, () => countdown.hit());
  return {
    name: 'ebus',
    messages: messagesOf(size),
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, (i) => bus.publishEnvelope(topic, make(i)));
      await handled;
    },
  };
}
