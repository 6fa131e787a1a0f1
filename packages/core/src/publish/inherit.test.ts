import { describe, expect, it } from 'vitest';
import type { EventBus } from '../bus/event-bus.js';
import { decodeEnvelope, encodeEnvelope } from '../envelope/codec.js';
import { createEnvelope, type EnvelopeInput } from '../envelope/envelope.js';
import type { HeaderList } from '../headers.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

const event = (more: Partial<EnvelopeInput> = {}): EnvelopeInput => ({
  ...{ eventId: 'e-1', aggregateId: 'order-1', eventType: 'OrderPlaced', eventVersion: 1, payload: {} },
  ...more,
});
const incoming = (more: Partial<EnvelopeInput> = {}) => encodeEnvelope(createEnvelope(event(more)));
const later = () => new Promise((resolve) => setImmediate(resolve));

/** What a handler publishes while it handles one message. */
async function published(
  message: { value: Uint8Array | string; headers?: HeaderList },
  work: (bus: EventBus) => unknown,
  method: 'subscribe' | 'subscribeEnvelope' = 'subscribeEnvelope',
) {
  const { bus, driver } = await scriptedBus();
  await bus[method]('in', async () => void (await work(bus)));
  driver.subscriptions[0]?.deliver(message);
  await settle();
  return driver.sends.map(({ record }) => {
    const headers = record.headers.filter(([name]) => /^X-(Correlation|Tenant)-ID$/.test(name));
    return { record, headers: Object.fromEntries(headers) };
  });
}

const idsOf = ({ record }: { record: { value: Uint8Array } }) => {
  const { correlationId, tenantId } = decodeEnvelope(record.value);
  return { correlationId, tenantId };
};

describe('what a handler publishes', () => {
  it('inherits correlation id and tenant, in the envelope and in its headers, behind any await', async () => {
    const [first, second] = await published(
      { value: incoming({ correlationId: 'c-1', tenantId: 7 }) },
      async (bus) => {
        void bus.publishEnvelope('out', event());
        await later();
        void bus.publishEnvelopes('out', [event({ aggregateId: 'order-2' })]);
      },
    );
    for (const sent of [first, second]) {
      expect(sent && idsOf(sent)).toEqual({ correlationId: 'c-1', tenantId: 7 });
      expect(sent?.headers).toEqual({ 'X-Correlation-ID': 'c-1', 'X-Tenant-ID': '7' });
    }
  });

  it('inherits the event id where there is no correlation id, and keeps what it sets itself', async () => {
    const [inherited, own] = await published({ value: incoming({ tenantId: 7 }) }, (bus) => {
      void bus.publishEnvelope('out', event({ eventId: 'e-2' }));
      void bus.publishEnvelope('out', event({ aggregateId: 'b', correlationId: 'mine', tenantId: 8 }));
    });
    expect(inherited && idsOf(inherited)).toEqual({ correlationId: 'e-1', tenantId: 7 });
    expect(own && idsOf(own)).toEqual({ correlationId: 'mine', tenantId: 8 });
  });

  it('carries them in headers of messages without an envelope, from one to the next', async () => {
    const [raw, own] = await published({ value: incoming({ correlationId: 'c-1' }) }, (bus) => {
      void bus.publish('out', 'a', { headers: { a: '1' } });
      void bus.publish('out', 'b', { headers: { 'x-correlation-id': 'mine' } });
    });
    expect(raw?.record.headers).toEqual([
      ['a', '1'],
      ['X-Correlation-ID', 'c-1'],
    ]);
    expect(own?.record.headers).toEqual([['x-correlation-id', 'mine']]);
    const [next] = await published(
      {
        value: 'a',
        headers: [
          ['X-Correlation-ID', 'c-1'],
          ['X-Tenant-ID', '7'],
        ],
      },
      (bus) => void bus.publishEnvelope('out', event()),
      'subscribe',
    );
    expect(next && idsOf(next)).toEqual({ correlationId: 'c-1', tenantId: 7 });
  });

  it('carries on no id that a broker would refuse, nor an endless one', async () => {
    for (const correlationId of ['a\r\nb', 'x'.repeat(257)]) {
      const [sent] = await published(
        { value: incoming({ correlationId }) },
        (bus) => void bus.publish('out', 'a'),
      );
      expect(sent?.record.headers).toEqual([]);
    }
    const headers: HeaderList = [['X-Tenant-ID', '1e3']];
    const [sent] = await published(
      { value: 'a', headers },
      (bus) => void bus.publish('out', 'a'),
      'subscribe',
    );
    expect(sent?.record.headers).toEqual([]);
  });

  it('leaves alone the publishes of others, and the messages of a subscription that a handler made', async () => {
    const { bus, driver } = await scriptedBus();
    await bus.subscribeEnvelope('in', async () => {
      await bus.subscribe('in', () => void bus.publish('out', 'of the inner'), { group: 'inner' });
    });
    driver.subscriptions[0]?.deliver({ value: incoming({ correlationId: 'c-1' }) });
    await settle();
    driver.subscriptions[1]?.deliver({ value: 'a' });
    await settle();
    void bus.publish('out', 'of nobody');
    expect(driver.sends.map(({ record }) => record.headers)).toEqual([[], []]);
  });
});
