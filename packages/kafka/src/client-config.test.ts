import { describe, expect, it } from 'vitest';
import { consumerConfig, producerConfig, questionsConfig } from './client-config.js';
import { kafkaConfigSchema } from './config-schema.js';

const config = (more: object = {}) => kafkaConfigSchema.parse({ brokers: ['a:1', 'b:2'], ...more });
const consumer = (more: object) =>
  consumerConfig(config(more), 'billing', 'g') as unknown as Record<string, unknown>;
const producer = (more: object) =>
  producerConfig(config(more), 'billing', { compression: 'none', level: undefined }) as unknown as Record<
    string,
    unknown
  >;

describe('the settings of a consumer', () => {
  it.each([
    ['1KB', 1_024],
    [10, 1_000],
    ['50MB', 1_000_000],
  ])(
    'allow fetches of %s, which the client ties to the largest message that may be sent',
    (fetchMaxBytes, most) => {
      const settings = consumer({ consumer: { fetchMaxBytes } });
      expect(settings['message.max.bytes']).toBe(most);
      expect(settings['fetch.max.bytes']).toBeGreaterThanOrEqual(most);
    },
  );

  it('have the client tell that topics were made anew, beside what is debugged otherwise', () => {
    expect(consumer({}).debug).toBe('topic,cgrp');
    expect(consumer({ librdkafka: { debug: 'cgrp,broker' } }).debug).toBe('cgrp,broker,topic,cgrp');
  });

  it('keep a member in its group for as long as a session, however short the processing time', () => {
    const settings = consumer({ consumer: { sessionTimeout: '30s', maxProcessingTime: '10s' } });
    expect(settings['max.poll.interval.ms']).toBe(30_000);
  });
});

describe('the settings of a producer', () => {
  it('keep the order: with idempotence five requests at once, without it one', () => {
    expect(producer({})).toMatchObject({ acks: -1, 'enable.idempotence': true, 'max.in.flight': 5 });
    expect(producer({ producer: { requiredAcks: 1 } })).toMatchObject({
      acks: 1,
      'enable.idempotence': false,
      'max.in.flight': 1,
    });
  });

  it('give up a leader that hangs early enough to reach the next one', () => {
    expect(producer({ producer: { timeout: '10s' } })['socket.timeout.ms']).toBe(6_000);
    expect(producer({ producer: { timeout: '1s' } })['socket.timeout.ms']).toBe(1_000);
  });
});

it('overrides reach the client for questions as far as they are about the network', () => {
  const settings = questionsConfig(
    config({ librdkafka: { 'socket.keepalive.enable': false, 'fetch.min.bytes': 5 } }),
    'billing',
  ) as unknown as Record<string, unknown>;
  expect(settings['socket.keepalive.enable']).toBe(false);
  expect(settings).not.toHaveProperty('fetch.min.bytes');
  expect(settings['bootstrap.servers']).toBe('a:1,b:2');
});
