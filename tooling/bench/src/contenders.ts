/** The contenders that more than one suite needs. Each does its job from the publisher's call to the handler's return. */
import {
  createEventBus,
  decodeEnvelope,
  type Envelope,
  type EventBus,
  encodeEnvelope,
  type LaneBy,
} from '@ebus/core';
import { memory } from '@ebus/memory';
import { bareDecode, bareEncode } from './bare-codec.js';
import type { Contender } from './compare.js';
import { aggregateIds, envelopeNumber } from './envelopes.js';
import { Countdown, pipelined, STEADY } from './pipelined.js';

export const memoryBus = (): Promise<EventBus> => createEventBus({ type: 'memory' }, { plugins: [memory] });

/** A handler that does nothing; the count keeps the engine from leaving the call out. */
export class NoopHandler {
  calls = 0;
  readonly handle = (_message: unknown): void => {
    this.calls += 1;
  };
}

const PAYLOAD = new Uint8Array(256).fill(0x61);

/** The handler called for each message, and awaited as a handler must be that may be asynchronous. */
export function directCalls(): Contender {
  const { handle } = new NoopHandler();
  return {
    name: 'handler called directly, awaited',
    messages: 3_000_000,
    async run(messages) {
      for (let i = 0; i < messages; i++) await handle(PAYLOAD);
    },
  };
}

export async function ebusUnordered(bus: EventBus, pace = STEADY): Promise<Contender> {
  const countdown = new Countdown();
  const topic = pace.turn ? 'bench.unordered' : 'bench.flood';
  await bus.subscribe(topic, () => countdown.hit());
  return {
    name: `ebus publish to handler${pace.turn ? '' : ', in a loop that never lets go'}`,
    messages: 500_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, () => bus.publish(topic, PAYLOAD), pace);
      await handled;
    },
  };
}

const KEYS = aggregateIds(1000);

/** No bus: make the envelope, encode it, decode it, call the handler. */
function codecLoop(
  name: string,
  encode: (envelope: Envelope) => Uint8Array,
  decode: (data: Uint8Array) => Envelope,
): Contender {
  const { handle } = new NoopHandler();
  return {
    name,
    messages: 200_000,
    run(messages) {
      for (let i = 0; i < messages; i++) handle(decode(encode(envelopeNumber(i, KEYS))));
    },
  };
}

/** @throws Error where the bare loop would not write the same bytes as ebus, which would make it no comparison */
export function bareLoop(): Contender {
  const sample = envelopeNumber(123_456, KEYS);
  if (Buffer.compare(bareEncode(sample), encodeEnvelope(sample)) !== 0) {
    throw new Error('the bare loop does not write the bytes that ebus writes; mend bare-codec.ts');
  }
  return codecLoop('bare loop, hand-written encode and decode', bareEncode, bareDecode);
}

export function ebusCodecLoop(): Contender {
  return codecLoop('bare loop, encodeEnvelope and decodeEnvelope', encodeEnvelope, decodeEnvelope);
}

export async function ebusOrdered(bus: EventBus, laneBy: LaneBy = 'aggregate'): Promise<Contender> {
  const countdown = new Countdown();
  await bus.subscribeEnvelope('bench.ordered', () => countdown.hit(), { laneBy });
  return {
    name: 'ebus publishEnvelope to ordered handler, 1,000 keys',
    messages: 200_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, (i) => bus.publishEnvelope('bench.ordered', envelopeNumber(i, KEYS)));
      await handled;
    },
  };
}
