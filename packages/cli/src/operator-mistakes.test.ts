/** Wrong input, names that do not exist, and Ctrl-C: told plainly, and never taken for good news. */
import { randomUUID } from 'node:crypto';
import { createEventBus } from '@ebus/core';
import { memory, resetMemoryBroker } from '@ebus/memory';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { event } from '../../conformance/src/test-kit/events.js';
import { Workshop } from './testing/recorded-io.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const broker = `mistakes-${randomUUID()}`;
const config = { type: 'memory', serviceName: 'shop', memory: { broker } };

afterEach(() => resetMemoryBroker(broker));

/** A service on the same broker, and so many letters of `orders`. */
async function letters(count: number) {
  const bus = await createEventBus(config as never, { plugins: [memory], logger: silent });
  onTestFinished(async () => void (await bus.close({ timeout: 0 })));
  const fail = () => Promise.reject(new Error('no stock'));
  const failing = await bus.subscribe('orders', fail, { maxRetries: 0 });
  for (let i = 0; i < count; i++) await bus.publish('orders', String(i), { key: `order-${i}` });
  await vi.waitFor(() => expect(failing.stats().deadLettered).toBe(count), 20_000);
  await failing.close();
  return bus;
}

describe('wrong arguments', () => {
  it.each([
    ['tail', 'orders', '--from', 'yesterday 3'],
    ['tail', 'orders', '--limit', '0'],
    ['tail', 'orders', '--from', 'latest', '--last', '3'],
    ['lag', '--interval', 'soon'],
    ['lag', '--watch', '--interval', '0s'],
    ['lag', '--max', '-1'],
    ['publish', 'orders', 'x', '--header', 'x'],
    ['publish', 'orders', '{}', '--envelope', '--key', 'a'],
    ['dlq', 'list', 'orders', '--limit', 'all'],
    ['dlq', 'show', 'orders', 'first'],
    ['dlq', 'delete', 'orders', '-', '--yes'],
    ['dlq', 'redrive', 'orders'],
    ['dlq', 'redrive', 'orders', '1x', '--yes'],
    ['dlq', 'redrive', 'orders', '--all', '--timeout', '0', '--yes'],
    ['console', '--port', 'x'],
  ])('%s %s %s %s are told before the broker is asked', async (...args) => {
    // It would take until the limit to find that this one is away.
    await using shop = await Workshop.with({ type: 'nats', nats: { urls: ['nats://127.0.0.1:1'] } });
    const signal = AbortSignal.timeout(5_000);
    const { code, out, err } = await shop.run(args, { signal });
    expect([code, out, err.startsWith('ebus: ')]).toEqual([2, '', true]);
  });

  it('an event that is none', async () => {
    await letters(0);
    await using shop = await Workshop.with(config);
    expect((await shop.run(['publish', 'orders', '{"a":1}', '--envelope'])).code).toBe(2);
    expect((await shop.run(['publish', 'a b', 'x'])).code).toBe(2);
  });
});

describe('numbers that JavaScript would round', () => {
  const id = '12345678901234567890';

  it('are shown with all their digits', async () => {
    const bus = await letters(0);
    await bus.publish('orders', `{"id":${id},"n":1}`, { key: 'a' });
    await using shop = await Workshop.with(config);
    const args = ['tail', 'orders', '--from', 'earliest', '--no-follow'];
    expect((await shop.run(args)).out).toContain(`{"id":${id},"n":1}`);
    expect(JSON.parse((await shop.run([...args, '--json'])).out).value).toEqual({ id, n: 1 });
  });

  it('are not published otherwise', async () => {
    await letters(0);
    await using shop = await Workshop.with(config);
    const wrong = JSON.stringify({ ...event('a', 1), payload: 0 }).replace('"payload":0', `"payload":${id}`);
    const { code, err } = await shop.run(['publish', 'orders', wrong, '--envelope']);
    expect([code, err]).toEqual([2, expect.stringContaining(`${id} would be rounded`)]);
  });
});

describe('names that are not there', () => {
  it('an environment, a plug-in', async () => {
    await using shop = await Workshop.with(config);
    await using others = await Workshop.with({ ...config, environments: { dev: {} } });
    const check = ['config', 'check', '-e'];
    expect(await shop.run([...check, 'prod'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/'prod'|prod/),
    });
    expect((await others.run([...check, 'prod'])).code).toBe(2);
    expect((await others.run([...check, 'dev'])).code).toBe(0);
    const plugin = await shop.run(['config', 'check', '--plugin', './none.mjs']);
    expect(plugin).toMatchObject({ code: 2, err: expect.stringContaining('no such file') });
  });

  it('a topic to publish to', async () => {
    await letters(0);
    await using shop = await Workshop.with(config);
    const { code, err } = await shop.run(['publish', 'ordres', 'x']);
    expect([code, err]).toEqual([1, expect.stringContaining("no topic 'ordres' on the broker")]);
  });

  it.each([
    ['dlq', 'list', 'ordres'],
    ['dlq', 'keys', 'ordres'],
    ['dlq', 'redrive', 'ordres', '--all', '--yes'],
    ['tail', 'ordres', '--no-follow'],
    ['groups', 'ordres'],
    ['lag', 'ordres'],
    ['lag', '--group', 'biling', '--max', '10'],
  ])('%s %s %s is a failure, not an empty answer', async (...args) => {
    await letters(0);
    await using shop = await Workshop.with(config);
    const { code, err } = await shop.run(args);
    expect([code, err]).toEqual([1, expect.stringMatching(/'?(ordres|biling)'?/)]);
  });

  it('but a topic without letters is', async () => {
    await letters(0);
    await using shop = await Workshop.with({ ...config, topics: { planned: {} } });
    for (const topic of ['orders', 'planned'])
      expect(await shop.run(['dlq', 'list', topic])).toMatchObject({
        code: 0,
        err: expect.stringContaining('no dead letters'),
      });
  });

  it('a letter among others that are there', async () => {
    await letters(2);
    await using shop = await Workshop.with(config);
    const { code, out, err } = await shop.run(['dlq', 'redrive', 'orders', '0', '99', '--yes']);
    expect([code, out, err]).toEqual([3, expect.stringMatching(/^1 of 2/), expect.stringMatching(/at 99/)]);
  });

  it('a file whose value is asked for', async () => {
    await using shop = await Workshop.with(config);
    const explain = ['config', 'explain', 'publisher.publishTimeout'];
    const { code, err } = await shop.run([...explain, '-c', 'none.yaml']);
    expect([code, err]).toEqual([0, expect.stringMatching(/value here is not known.*none\.yaml/)]);
  });
});

describe('many letters', () => {
  it('are said to be more than those that are listed', async () => {
    await letters(3);
    await using shop = await Workshop.with(config);
    const { code, out, err } = await shop.run(['dlq', 'list', 'orders', '--limit', '2', '--json']);
    expect([code, JSON.parse(out).length, err]).toEqual([0, 2, expect.stringContaining('there are more')]);
    expect((await shop.run(['dlq', 'list', 'orders', '--limit', '3'])).err).toBe('');
  });

  it('of a parked key whose group is away are waited for, and that is said', async () => {
    const bus = await letters(0);
    const fail = () => Promise.reject(new Error('no stock'));
    const parks = await bus.subscribeEnvelope('orders', fail, { maxRetries: 0, onExhausted: 'park' });
    await bus.publishEnvelope('orders', event('order-7', 1));
    await using shop = await Workshop.with(config);
    await vi.waitFor(async () => expect(await shop.json('dlq', 'keys', 'orders')).toHaveLength(1), 20_000);
    await parks.close();
    const args = ['dlq', 'redrive', 'orders', '--key', 'order-7', '--yes', '--timeout', '200ms'];
    const { code, err } = await shop.run(args);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/nothing went back for 200ms.*0 of 1 letters were published back/),
    ]);
    expect(await shop.json('dlq', 'keys', 'orders')).toHaveLength(1);
  });
});

describe('Ctrl-C', () => {
  it('in a redrive says how far it came, and loses nothing', async () => {
    const bus = await letters(50);
    await using shop = await Workshop.with(config);
    const stop = new AbortController();
    let told = '';
    const err = (text: string) => {
      told += text;
      if (/10 of 50/.test(text)) stop.abort();
    };
    const args = ['dlq', 'redrive', 'orders', '--all', '--yes'];
    const { code, out } = await shop.run(args, { signal: stop.signal, errIsTerminal: true, err });
    expect([code, out]).toEqual([130, '']);
    const [, redriven] = /(\d+) of 50 letters were published back; the others wait/.exec(told) ?? [];
    expect(Number(redriven)).toBeGreaterThanOrEqual(10);
    const left = (await bus.deadLetters.list('orders', { limit: 100 })).length;
    const { messages = 0 } = (await bus.inspect.topic('orders')) ?? {};
    expect(messages - 50 + left).toBeGreaterThanOrEqual(50);
  });

  it('in the doctor makes no findings', async () => {
    await letters(0);
    await using shop = await Workshop.with({ ...config, topics: { orders: {}, other: {} } });
    const stop = new AbortController();
    const err = (text: string) => {
      if (text.includes('looking at')) stop.abort();
    };
    const { code, out } = await shop.run(['doctor'], { signal: stop.signal, errIsTerminal: true, err });
    expect([code, out]).toEqual([130, '']);
  });
});
