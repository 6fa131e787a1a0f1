import { randomUUID } from 'node:crypto';
import { createEventBus } from '@ebus/core';
import { memory, resetMemoryBroker } from '@ebus/memory';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { event } from '../../conformance/src/test-kit/events.js';
import { Workshop } from './testing/recorded-io.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const broker = `cli-${randomUUID()}`;
const config = {
  type: 'memory',
  serviceName: 'shop',
  memory: { broker },
  healthHttp: { port: 1 },
  topics: { orders: { retention: '1d' } },
};

afterEach(() => resetMemoryBroker(broker));

/** A service on the same broker whose handler fails, and events that it could not handle. */
async function failedEvents(count: number) {
  const bus = await createEventBus(
    { type: 'memory', serviceName: 'shop', memory: { broker } },
    { plugins: [memory], logger: silent },
  );
  const broken = new Set<string>();
  const handled: string[] = [];
  const handle = async (message: { text(): string; key: string | undefined }) => {
    if (broken.has(message.key ?? '')) throw new Error('no stock\u001b[2J');
    handled.push(message.text());
  };
  const subscription = await bus.subscribe('orders', handle, { maxRetries: 0, concurrency: 1 });
  for (let i = 0; i < count; i++) {
    broken.add(`order-${i}`);
    await bus.publish('orders', JSON.stringify({ total: i }), { key: `order-${i}` });
  }
  await vi.waitFor(() => expect(subscription.stats().deadLettered).toBe(count));
  return {
    bus,
    subscription,
    broken,
    handled,
    [Symbol.asyncDispose]: () => bus.close({ timeout: 100 }).then(() => {}),
  };
}

describe('ebus', () => {
  it('shows topics, groups and lag as tables and as JSON, and starts or changes nothing', async () => {
    await using _ = await failedEvents(2);
    await using shop = await Workshop.with(config);
    const { code, out } = await shop.run(['topics', 'list']);
    expect(code).toBe(0);
    expect(out).toMatch(/^TOPIC {7}MESSAGES {2}.*\norders {13}2 .* yes\norders\.dlq {9}2 .* no\n$/s);
    const [orders] = await shop.json<{ name: string; retentionMs?: number }[]>('topics', 'list');
    expect(orders).toMatchObject({ name: 'orders', messages: 2, configured: true });
    // The configured retention was not applied by looking.
    expect(orders?.retentionMs).toBeUndefined();
    expect(await shop.json('groups', 'orders')).toMatchObject([{ topic: 'orders', group: 'shop', lag: 0 }]);
    expect((await shop.run(['lag', '--max', '0'])).code).toBe(0);
    expect((await shop.run(['topics', 'describe', 'orders'])).out).toContain('messages:');
  });

  it('plans and applies topics, after a question', async () => {
    await using _ = await failedEvents(0);
    await using shop = await Workshop.with(config);
    const plan = await shop.run(['topics', 'plan']);
    expect([plan.code, plan.out]).toEqual([3, expect.stringContaining('retention')]);
    const refused = await shop.run(['topics', 'apply'], { canAsk: true, ask: async () => 'n' });
    expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('nothing was changed')]);
    expect((await shop.run(['topics', 'apply'])).code).toBe(4);
    expect((await shop.run(['topics', 'plan'])).code).toBe(3);
    expect((await shop.run(['topics', 'apply', '--yes'])).code).toBe(0);
    expect(await shop.run(['topics', 'plan'])).toMatchObject({ code: 0, out: '' });
  });

  it('publishes, and shows messages', async () => {
    await using _ = await failedEvents(1);
    await using shop = await Workshop.with(config);
    const published = await shop.run(['publish', 'orders', '{"total":7}', '--key', 'k', '--header', 'a=b']);
    expect(published).toMatchObject({ code: 0, out: 'published to orders at 1\n' });
    const nothing = await shop.run(['publish', 'orders']);
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('there is no value')]);
    expect((await shop.run(['publish', 'news', 'x'])).err).toMatch(/ebus: .*'news'/);
    const lines = (await shop.run(['tail', 'orders', '--from', 'earliest', '--no-follow', '--json'])).out;
    const messages = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(messages).toMatchObject([
      { position: '0', key: 'order-0', value: { total: 0 } },
      { position: '1', key: 'k', value: { total: 7 }, headers: { a: 'b' } },
    ]);
    const one = await shop.run(['tail', 'orders', '--last', '5', '--key', 'k', '--limit', '1']);
    expect(one.out).toMatch(/^1 {2}\S+ {2}k {2}\{"total":7\}\n$/);
  });

  it('finds, shows, redrives and deletes dead letters', async () => {
    await using service = await failedEvents(3);
    await using shop = await Workshop.with(config);
    const list = await shop.run(['dlq', 'list', 'orders']);
    expect(list.out.trim().split('\n')).toHaveLength(4);
    expect(list.out).toContain('no stock\\u001b[2J');
    const letters = await shop.json<{ message: { position: string } }[]>(
      'dlq',
      'list',
      'orders',
      '--key',
      'order-1',
    );
    const position = letters[0]?.message.position ?? '';
    const shown = await shop.run(['dlq', 'show', 'orders', position]);
    expect(shown.out).toMatch(/key: +order-1\n.*"total": 1/s);
    expect((await shop.run(['dlq', 'redrive', 'orders'])).err).toMatch(/say which letters/);
    expect((await shop.run(['dlq', 'redrive', 'orders', position])).code).toBe(4);
    const absent = await shop.run(['dlq', 'redrive', 'orders', '99', '--yes']);
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('no dead letter at 99')]);
    service.broken.clear();
    const redriven = await shop.json('dlq', 'redrive', 'orders', position, '--yes');
    expect(redriven).toMatchObject({ redriven: 1, failed: [] });
    await vi.waitFor(() => expect(service.handled).toEqual(['{"total":1}']));
    const left = await shop.json<{ message: { position: string; key: string } }[]>('dlq', 'list', 'orders');
    expect(left.map(({ message }) => message.key).sort()).toEqual(['order-0', 'order-2']);
    const gone = left.find(({ message }) => message.key === 'order-2')?.message.position ?? '';
    expect((await shop.run(['dlq', 'delete', 'orders', gone, '--yes'])).code).toBe(0);
    const rest = await shop.json<{ message: { key: string } }[]>('dlq', 'list', 'orders');
    expect(rest.map(({ message }) => message.key)).toEqual(['order-0']);
  });

  it('parks the key of a letter, and says why where its group cannot', async () => {
    await using service = await failedEvents(0);
    const { bus } = service;
    await using shop = await Workshop.with(config);
    const positionOf = async () => {
      const [letter] = await shop.json<{ message: { position: string } }[]>('dlq', 'list', 'orders');
      return letter?.message.position ?? '';
    };
    await service.subscription.close();
    const fail = () => Promise.reject(new Error('no stock'));
    const before = await bus.subscribeEnvelope('orders', fail, { maxRetries: 0 });
    await bus.publishEnvelope('orders', event('order-7', 1));
    await vi.waitFor(() => expect(before.stats().deadLettered).toBe(1));
    expect((await shop.run(['dlq', 'park', 'orders', await positionOf()])).code).toBe(4);
    const refused = await shop.run(['dlq', 'park', 'orders', await positionOf(), '--yes']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('does not park keys')]);
    await before.close();
    const handled: unknown[] = [];
    const handle = async ({ payload }: { payload: unknown }) => void handled.push(payload);
    await bus.subscribeEnvelope('orders', handle, { onExhausted: 'park' });
    expect(await shop.json('dlq', 'park', 'orders', await positionOf(), '--yes')).toMatchObject({
      parked: true,
    });
    await bus.publishEnvelope('orders', event('order-7', 2));
    await vi.waitFor(async () =>
      expect(await shop.json('dlq', 'keys', 'orders')).toMatchObject([{ key: 'order-7', letters: 2 }]),
    );
    await shop.json('dlq', 'redrive', 'orders', '--key', 'order-7', '--yes');
    expect(handled).toMatchObject([{ sequence: 1 }, { sequence: 2 }]);
  });

  it('shows long work on a terminal, and nothing of it elsewhere', async () => {
    await using _ = await failedEvents(0);
    await using shop = await Workshop.with(config);
    const watched = await shop.run(['doctor'], { errIsTerminal: true });
    const over = '\r\u001b[K';
    expect(watched.err.endsWith(`${over}looking at orders (1 of 1)…${over}`)).toBe(true);
    expect((await shop.run(['doctor'])).err).toBe('');
  });

  it('cuts long keys, and shows nothing that a terminal would obey', async () => {
    await using service = await failedEvents(0);
    await using shop = await Workshop.with(config);
    const key = `\u001b]0;${'k'.repeat(300)}`;
    await service.bus.publish('orders', 'a\u001b[2J', { key, headers: { 'x-a': '\u0007' } });
    const tail = await shop.run(['tail', 'orders', '--from', 'earliest', '--no-follow']);
    expect(tail.out).toMatch(/ {2}\\u001b\]0;k{70,80}… {2}a\\u001b\[2J\n$/);
    expect((await shop.tail('orders', key)).length).toBe(1);
  });

  it('checks and explains the configuration', async () => {
    await using shop = await Workshop.with(config);
    expect((await shop.run(['config', 'check'])).code).toBe(0);
    const explained = await shop.run(['config', 'explain', 'topics.orders.retention']);
    expect(explained.out).toMatch(/type: +duration.*\nhere: +"1d"\n/s);
    expect(await shop.run(['config', 'explain', 'timeout'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('publisher.publishTimeout'),
    });
    await using wrong = await Workshop.with({ ...config, serviceNam: 'x' });
    const checked = await wrong.run(['config', 'check']);
    expect([checked.code, checked.err]).toEqual([2, expect.stringMatching(/serviceNam.*did you mean/s)]);
    await using empty = await Workshop.with('type: rabbit\n');
    expect((await empty.run(['config', 'check'])).err).toMatch(/'rabbit'.*--plugin/s);
  });

  it('says what is wrong with its arguments, and how it ended', async () => {
    await using shop = await Workshop.with(config);
    expect(await shop.run(['topcs'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Did you mean topics/),
    });
    expect((await shop.run(['--help'])).out).toContain('Exit codes:');
    expect(await shop.run(['topics', 'describe', 'x'])).toMatchObject({ code: 1, out: '' });
    expect((await shop.run(['lag', '-c', 'none.yaml'])).code).toBe(2);
    const signal = AbortSignal.abort();
    expect((await shop.run(['tail', 'orders'], { signal })).code).toBe(130);
  });
});
