import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { createProbe, defaultProbeTopic, encodeProbe, instanceIdOf, readProbe } from './probe.js';

const NOW = Date.UTC(2026, 4, 1, 12);
const TTL = 300_000;
const probe = () =>
  createProbe('orders', 'kafka', instanceIdOf('orders', NOW), { ...systemClock, now: () => NOW });
const read = (data: unknown, now = NOW) =>
  readProbe(typeof data === 'string' ? data : JSON.stringify(data), 'kafka', now, TTL);

/** As jxt-core writes it: nanoseconds, and the offset of the machine. */
const FROM_GO = {
  messageId: 'hc-1777636800123456789-0123456789abcdef',
  timestamp: '2026-05-01T20:00:00.123456789+08:00',
  source: 'billing',
  eventBusType: 'kafka',
  version: '2.0.0',
  metadata: { checkType: 'periodic', instanceId: 'billing-1777636000' },
};

describe('a probe', () => {
  it('is written as jxt-core writes it', () => {
    const written = JSON.parse(encodeProbe(probe()));
    expect(Object.keys(written)).toEqual([
      'messageId',
      'timestamp',
      'source',
      'eventBusType',
      'version',
      'metadata',
    ]);
    expect(written).toMatchObject({
      timestamp: '2026-05-01T12:00:00.000Z',
      source: 'orders',
      eventBusType: 'kafka',
      version: '2.0.0',
      metadata: { checkType: 'periodic', instanceId: `orders-${NOW / 1_000}` },
    });
    expect(written.messageId).toMatch(new RegExp(`^hc-${NOW}000000-[0-9a-f]{16}$`));
    expect(probe().messageId).not.toBe(probe().messageId);
  });

  it('is read back, its own and those of Go services', () => {
    const own = probe();
    expect(read(encodeProbe(own))).toEqual({ probe: own });
    expect(read(FROM_GO)).toMatchObject({
      probe: { source: 'billing', timestamp: new Date(NOW + 123), metadata: FROM_GO.metadata },
    });
    expect(read({ ...FROM_GO, metadata: undefined })).toMatchObject({ probe: { metadata: {} } });
    expect(read({ ...FROM_GO, metadata: { a: 1, b: 'text' } })).toMatchObject({
      probe: { metadata: { b: 'text' } },
    });
  });

  it.each(['messageId', 'timestamp', 'source', 'eventBusType', 'version'])('needs its %s', (field) => {
    for (const value of [undefined, '', 7, null]) {
      expect(read({ ...FROM_GO, [field]: value })).toEqual({
        rejection: 'malformed',
        detail: `${field} is required`,
      });
    }
  });

  it.each(['', 'hello', '[]', 'null', '"text"', '7'])('is a JSON object, not %j', (text) => {
    expect(read(text)).toMatchObject({ rejection: 'malformed' });
  });

  it('is malformed with a time that is none', () => {
    expect(read({ ...FROM_GO, timestamp: 'yesterday' })).toMatchObject({ rejection: 'malformed' });
  });

  it.each(['x', 'hc-1-0123', 'hc-1777636800123456789-0123456789abcdef\n', 'HC-1-0123456789abcdef'])(
    'is malformed with a messageId that no sender writes: %j',
    (messageId) => {
      expect(read({ ...FROM_GO, messageId })).toMatchObject({ rejection: 'malformed' });
    },
  );

  it('is not parsed where it is longer than any, and not believed with a source of any length', () => {
    expect(read(' '.repeat(16_385))).toMatchObject({
      rejection: 'malformed',
      detail: 'it has 16385 characters',
    });
    expect(read({ ...FROM_GO, source: 's'.repeat(257) })).toMatchObject({ rejection: 'malformed' });
  });

  it('is foreign when another type of bus sent it', () => {
    expect(read({ ...FROM_GO, eventBusType: 'nats' })).toMatchObject({ rejection: 'foreign' });
  });

  it('counts up to its age, and up to a minute ahead of this clock', () => {
    const text = encodeProbe(probe());
    expect(read(text, NOW + TTL)).toHaveProperty('probe');
    expect(read(text, NOW + TTL + 1)).toMatchObject({ rejection: 'expired' });
    expect(read(text, NOW - 60_000)).toHaveProperty('probe');
    expect(read(text, NOW - 60_001)).toMatchObject({ rejection: 'future' });
  });
});

it('goes to the topic of its type of bus', () => {
  expect(defaultProbeTopic('nats')).toBe('jxt-core-nats-health-check');
});
