import { expect, it } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import { Connection } from './connection.js';
import { CODE } from './errors.js';

type Done = (error: unknown, answer?: unknown) => void;

/** Clients in the order in which they are made; the test decides which of them answer. */
function connection() {
  const clock = new ManualClock();
  const dumb = new Set<number>();
  const closed: number[] = [];
  let made = 0;
  const create = () => {
    const mine = ++made;
    return {
      getMetadata: (_: unknown, done: Done) =>
        dumb.has(mine) ? done(new Error('Local: Broker transport failure')) : done(null, { brokers: [1] }),
      disconnect: () => void closed.push(mine),
    };
  };
  const states: string[] = [];
  const host = {
    clock,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onState: ({ status }: { status: string }) => void states.push(status),
  } as never;
  const config = { brokers: ['a:1'], librdkafka: {}, security: { enabled: false } };
  const dialer = new Connection({
    client: { AdminClient: { create } },
    config,
    serviceName: 'orders',
    clock,
  } as never);
  return { clock, dumb, closed, states, dialer, host, made: () => made };
}

const never = new AbortController().signal;
const ALONE = Object.assign(new Error('1/1 brokers are down'), { code: CODE.allBrokersDown });

it('a report of lost connections is no loss while the cluster answers', async () => {
  const { clock, dialer, host, states, made } = connection();
  await dialer.dial(host, 1, never);
  dialer.noted(ALONE);
  await clock.advance(20_000);
  expect([states, made()]).toEqual([[], 1]);
});

it('a client for questions that has lost all brokers gives way to another, which asks from the beginning', async () => {
  const { clock, dialer, host, states, dumb, closed, made } = connection();
  await dialer.dial(host, 1, never);
  dumb.add(1);
  dialer.noted(ALONE);
  await clock.advance(20_000);
  expect(states).toEqual(['reconnecting', 'connected']);
  expect([made(), closed, dialer.questions.isAway]).toEqual([2, [1], false]);
});

it('and that again and again while the cluster is away', async () => {
  const { clock, dialer, host, states, dumb, made } = connection();
  await dialer.dial(host, 1, never);
  for (let one = 1; one <= 6; one++) dumb.add(one);
  dialer.noted(ALONE);
  await clock.advance(60_000);
  expect(states).toEqual(['reconnecting', 'connected']);
  expect(made()).toBe(7);
});
