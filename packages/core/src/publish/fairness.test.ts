/** Publishes of different keys and purposes never wait for each other. */
import { describe, expect, it, vi } from 'vitest';
import type { Capabilities } from '../driver/capabilities.js';
import type { SendReceipt, SendRecord } from '../driver/message.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { RESULTS_BUFFER } from './publish-results.js';

const event = (id: number, aggregateId = `order-${id % 7}`) => ({
  eventId: `e-${id}`,
  aggregateId,
  eventType: 'OrderCreated',
  eventVersion: 1,
  payload: { id },
});

const quiet = (promise: Promise<unknown>) => void promise.catch(() => {});

/** Answers at once, until told not to. */
class Answering extends ScriptedDriver {
  answers = true;
  override capability: Partial<Capabilities> = { settle: 'individual' };
  override send(record: SendRecord): Promise<SendReceipt> {
    const receipt = super.send(record);
    if (this.answers) this.sends.at(-1)?.ack();
    return receipt;
  }
}

describe('a reader of results that does not read', () => {
  async function stalled(config: Parameters<typeof scriptedBus>[0] = {}) {
    const made = await scriptedBus(config, { driver: new Answering() });
    made.bus.publishResults();
    const publishing = [];
    for (let id = 0; id < RESULTS_BUFFER; id++)
      publishing.push(made.bus.publishEnvelope('orders', event(id)));
    await Promise.all(publishing);
    quiet(made.bus.publishEnvelope('orders', event(RESULTS_BUFFER, 'late'), { timeout: '1m' }));
    await settle();
    expect(made.driver.sends).toHaveLength(RESULTS_BUFFER);
    return made;
  }

  it('delays publishes that yield results, and no plain ones', async () => {
    const { bus, driver } = await stalled();
    await bus.publish('orders', 'plain', { key: 'other' });
    await bus.publish('orders', 'without a key');
    expect(driver.texts.slice(RESULTS_BUFFER)).toEqual(['plain', 'without a key']);
  });

  it('delays no dead letters and no probes', async () => {
    const { bus, driver } = await stalled({ healthCheck: { publisher: { interval: '1h' } } });
    await bus.subscribe('orders', () => Promise.reject(new Error('broken')), { maxRetries: 0 });
    driver.subscriptions[0]?.deliver({ value: 'poison' });
    await vi.waitFor(() => expect(driver.sends.at(-1)?.record.topic).toBe('orders.dlq'));
    await bus.health.publisher.start();
    await vi.waitFor(() => expect(bus.health.publisher.status().lastSuccessAt).toBeDefined());
  });

  it('does not take the tokens of the rate limit from plain publishes', async () => {
    const rateLimit = { enabled: true, ratePerSecond: 1, burstSize: RESULTS_BUFFER + 1 };
    const { bus, driver } = await stalled({ publisher: { rateLimit } });
    await bus.publish('orders', 'the last token');
    expect(driver.sends.at(-1)?.text).toBe('the last token');
  });
});

describe('a key that stands still', () => {
  const patient = {
    publisher: { maxInFlight: 100, errorHandling: { retryBackoffBase: 60_000, retryBackoffMax: 60_000 } },
  };

  it('holds no place in flight, however much waits behind its retry', async () => {
    const { bus, driver, clock } = await scriptedBus(patient);
    vi.spyOn(clock, 'random').mockReturnValue(0.9);
    quiet(bus.publish('orders', 'first', { key: 'k', timeout: '10m' }));
    driver.sends[0]?.fail(clientError('not leader', true));
    await settle();
    for (let i = 0; i < 10_000; i++) quiet(bus.publish('orders', `k-${i}`, { key: 'k', timeout: '10m' }));
    quiet(bus.publish('orders', 'other', { key: 'l' }));
    expect(driver.texts).toEqual(['first', 'other']);
  });

  it('holds none while many keys wait for their retries either', async () => {
    const { bus, driver, clock } = await scriptedBus(patient);
    vi.spyOn(clock, 'random').mockReturnValue(0.9);
    for (let i = 0; i < 100; i++)
      quiet(bus.publish('orders', `first-${i}`, { key: `k-${i}`, timeout: '10m' }));
    for (const send of driver.sends) send.fail(clientError('not leader', true));
    await settle();
    for (let i = 0; i < 150; i++) quiet(bus.publish('orders', `other-${i}`, { timeout: '10m' }));
    expect(driver.sends).toHaveLength(200);
    // Their retries get the next places, and no more is in flight than may be.
    await clock.advance(60_000);
    expect(driver.sends).toHaveLength(200);
    driver.sends[100]?.ack();
    await settle();
    expect(driver.texts[200]).toBe('first-0');
  });

  it('lets those that gave up behind it go at once, and holds nothing of them', async () => {
    const { bus, driver, clock } = await scriptedBus(patient);
    vi.spyOn(clock, 'random').mockReturnValue(0.9);
    quiet(bus.publish('orders', 'first', { key: 'k', timeout: '10m' }));
    driver.sends[0]?.fail(clientError('not leader', true));
    await settle();
    const abort = new AbortController();
    const outcomes = ['a', 'b', 'c'].map((text) =>
      bus
        .publish('orders', text, { key: 'k', timeout: '10m', signal: abort.signal })
        .catch((error) => error.code),
    );
    const last = bus.publish('orders', 'd', { key: 'k', timeout: 50 }).catch((error) => error.code);
    abort.abort();
    expect(await Promise.all(outcomes)).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    await clock.advance(50);
    expect(await last).toBe('PUBLISH_TIMEOUT');
    await clock.advance(60_000);
    expect(driver.texts).toEqual(['first', 'first']);
    driver.sends[1]?.ack();
    await settle();
    expect(bus.metrics().messageBacklog).toBe(0);
  });
});

it('waits for its place while all are taken, and dead letters do not', async () => {
  const driver = new Answering();
  const { bus } = await scriptedBus({ publisher: { maxInFlight: 2 } }, { driver });
  await bus.subscribe('orders', () => Promise.reject(new Error('broken')), { maxRetries: 0 });
  driver.answers = false;
  for (const text of ['a', 'b', 'c']) quiet(bus.publish('payments', text));
  driver.answers = true;
  driver.subscriptions[0]?.deliver({ value: 'poison' });
  await vi.waitFor(() => expect(driver.sends.at(-1)?.record.topic).toBe('orders.dlq'));
  expect(driver.texts).toEqual(['a', 'b', 'poison']);
});

describe('publishes that wait for the rate limit', () => {
  const rateLimit = { enabled: true, ratePerSecond: 10, burstSize: 1 };

  it('come one of each kind in turn', async () => {
    const { bus, driver, clock } = await scriptedBus({ publisher: { rateLimit } });
    for (let i = 0; i < 3; i++) quiet(bus.publish('orders', `plain-${i}`));
    for (let i = 0; i < 2; i++) quiet(bus.publishEnvelope('orders', event(i)));
    await clock.advance(400);
    const kinds = driver.sends.map(({ record }) => (record.key === undefined ? 'plain' : 'envelope'));
    expect(kinds).toEqual(['plain', 'envelope', 'plain', 'envelope', 'plain']);
  });

  it('hold no dead letter up', async () => {
    const driver = new Answering();
    const { bus } = await scriptedBus({ publisher: { rateLimit } }, { driver });
    await bus.subscribe('orders', () => Promise.reject(new Error('broken')), { maxRetries: 0 });
    for (let i = 0; i < 3; i++) quiet(bus.publish('orders', `plain-${i}`));
    driver.subscriptions[0]?.deliver({ value: 'poison' });
    await vi.waitFor(() => expect(driver.sends.at(-1)?.record.topic).toBe('orders.dlq'));
    expect(driver.texts).toEqual(['plain-0', 'poison']);
  });
});

it('remembers a topic with a publish that waits, however many other topics there are', async () => {
  const errorHandling = { retryBackoffBase: 100, retryBackoffMax: 100 };
  const { bus, driver, clock } = await scriptedBus({ publisher: { maxInFlight: 2, errorHandling } });
  for (const text of ['a', 'b']) quiet(bus.publish('blocker', text, { timeout: '1h' }));
  quiet(bus.publish('orders', 'first', { key: 'k', timeout: '1h' }));
  for (let i = 0; i < 10_001; i++) quiet(bus.publish(`topic-${i}`, 'x', { timeout: 10 }));
  quiet(bus.publish('orders', 'second', { key: 'k', timeout: '1h' }));
  await clock.advance(10);
  driver.sends[0]?.ack();
  await settle();
  driver.sends[2]?.fail(clientError('not leader', true));
  await settle();
  driver.sends[1]?.ack();
  await settle();
  await clock.advance(100);
  expect(driver.texts).toEqual(['a', 'b', 'first', 'first', 'second']);
});
