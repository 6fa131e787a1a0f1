/** Whether a message costs the same with many aggregates, topics or messages that wait, as with few. In memory. */
import { createEventBus, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { type Contender, compare, type Measured, perSecond } from '../compare.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { type Row, speedOf } from '../report.js';

const AGGREGATES = [1, 1_000, 1_000_000];
const TOPICS = [1, 10, 100, 1_000];
/** Messages to a topic come in runs, as those of one source do: a batch has the same size for each number of topics. */
const RUN = 100;
const BACKLOGS = [10_000, 100_000, 1_000_000];
/** Growth costs at most that much. */
const TARGET = 1.15;

export async function scaling(rounds: number): Promise<Row[]> {
  const few = Math.min(rounds, 3);
  return [
    ...growth('aggregates', AGGREGATES, await each(AGGREGATES, few, withAggregates)),
    ...growth('topics and subscriptions', TOPICS, await each(TOPICS, few, withTopics)),
    ...growth('messages waiting', BACKLOGS, await each(BACKLOGS, 1, withBacklog)),
  ];
}

/** Each on a bus of its own, measured in turn. */
async function each(
  counts: readonly number[],
  rounds: number,
  make: (bus: EventBus, count: number) => Promise<Contender>,
): Promise<Measured[]> {
  const buses: EventBus[] = [];
  const contenders: Record<string, Contender> = {};
  for (const count of counts) {
    const bus = await roomyBus();
    buses.push(bus);
    contenders[`of ${count}`] = await make(bus, count);
  }
  const measured = await compare(contenders, rounds);
  for (const bus of buses) await bus.close();
  return counts.map((count) => measured[`of ${count}`] as Measured);
}

/** In comparison with the thousand aggregates, ten topics, ten thousand messages that services have anyway. */
function growth(what: string, counts: readonly number[], measured: readonly Measured[]): Row[] {
  const base = measured[what === 'messages waiting' ? 0 : 1] as Measured;
  return measured.map((one, i) => {
    const cost = perSecond(base, 'processor') / perSecond(one, 'processor');
    const isLargest = i === measured.length - 1;
    return {
      ...speedOf(one),
      contender: `${(counts[i] as number).toLocaleString('en-US')} ${what}`,
      against: one === base ? '' : `cost of ${base.name}`,
      figure: one === base ? '' : `${cost.toFixed(2)}x`,
      ...(isLargest ? { target: `<= ${TARGET}x`, met: cost <= TARGET } : {}),
    };
  });
}

function roomyBus(): Promise<EventBus> {
  const config = { type: 'memory' as const, memory: { maxChannelSize: 2_000_000 } };
  return createEventBus(config, { plugins: [memory] });
}

async function withAggregates(bus: EventBus, count: number): Promise<Contender> {
  const keys = aggregateIds(count);
  const countdown = new Countdown();
  await bus.subscribeEnvelope('scale.keys', () => countdown.hit());
  return {
    name: `${count.toLocaleString('en-US')} aggregates`,
    messages: Math.max(200_000, count),
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, (i) => bus.publishEnvelope('scale.keys', envelopeNumber(i, keys)));
      await handled;
    },
  };
}

async function withTopics(bus: EventBus, count: number): Promise<Contender> {
  const keys = aggregateIds(1_000);
  const topics = Array.from({ length: count }, (_, i) => `scale.topic-${i}`);
  const countdown = new Countdown();
  for (const topic of topics) await bus.subscribeEnvelope(topic, () => countdown.hit());
  return {
    name: `${count.toLocaleString('en-US')} topics`,
    messages: 200_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, (i) =>
        bus.publishEnvelope(topics[Math.floor(i / RUN) % count] as string, envelopeNumber(i, keys)),
      );
      await handled;
    },
  };
}

/** Publishes all while the subscription is paused, then lets it work through them. */
async function withBacklog(bus: EventBus, count: number): Promise<Contender> {
  const keys = aggregateIds(1_000);
  const countdown = new Countdown();
  const subscription = await bus.subscribeEnvelope('scale.backlog', () => countdown.hit());
  return {
    name: `${count.toLocaleString('en-US')} messages`,
    messages: count,
    async run(messages) {
      const handled = countdown.start(messages);
      subscription.pause();
      await pipelined(messages, (i) => bus.publishEnvelope('scale.backlog', envelopeNumber(i, keys)));
      subscription.resume();
      await handled;
    },
  };
}
