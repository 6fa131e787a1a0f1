import { EbusError } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import {
  cannotAdminister,
  cannotConnect,
  classify,
  isLoginRefused,
  isWithoutLeader,
  unanswered,
} from './errors.js';
import { notSent } from './send-errors.js';

/** As the client makes them. */
const coded = (code: number, message = 'words') => Object.assign(new Error(message), { code });

describe('classify', () => {
  it.each([
    [-192, 'PUBLISH_TIMEOUT', true],
    [-195, 'CONNECTION_FAILED', true],
    [5, 'CONNECTION_FAILED', true],
    [16, 'CONNECTION_FAILED', true],
    [-150, 'CONNECTION_FAILED', true],
    [3, 'TOPIC_NOT_FOUND', false],
    [10, 'MESSAGE_TOO_LARGE', false],
    [29, 'UNAUTHORIZED', false],
    [30, 'UNAUTHORIZED', false],
    [58, 'UNAUTHORIZED', false],
    [19, 'PUBLISH_FAILED', true],
    [87, 'PUBLISH_FAILED', false],
    [-138, 'PUBLISH_FAILED', true],
  ])('%i', (code, name, retryable) => {
    expect(classify(coded(code))).toEqual({ code: name, retryable });
  });

  it("knows kafkajs' errors by their names, and ebus' by their codes", () => {
    const missing = Object.assign(new Error('x'), {
      name: 'KafkaJSProtocolError',
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    expect(classify(missing).code).toBe('TOPIC_NOT_FOUND');
    const lost = Object.assign(new Error('x'), { name: 'KafkaJSConnectionError' });
    expect(classify(lost)).toEqual({ code: 'CONNECTION_FAILED', retryable: true });
    expect(classify(new EbusError('x', { code: 'ABORTED' }))).toEqual({ code: 'ABORTED', retryable: false });
  });
});

it.each([
  ['SASL authentication error: Authentication failed: Invalid username or password', true],
  ['authentication failure', true],
  [
    'Failed to acquire idempotence PID from broker sasl_plaintext://127.0.0.1:9092/1: Broker: Coordinator load',
    false,
  ],
  ['broker transport failure', false],
])('a refused login is told from other trouble: %s', (text, refused) => {
  expect(isLoginRefused(new Error(text))).toBe(refused);
  expect(cannotConnect(['a:1'], new Error(text)).code).toBe(refused ? 'UNAUTHORIZED' : 'CONNECTION_FAILED');
});

it('what was not sent names its topic and keeps the cause', () => {
  const cause = coded(10);
  const record = { topic: 'shop.orders', key: 'k' };
  expect(notSent(record, cause)).toMatchObject({ code: 'MESSAGE_TOO_LARGE', cause });
  expect(notSent(record, cause).message).toContain("'shop.orders'");
});

it('of a refused batch only a message without a key is refused for good: the client says the same of all', () => {
  const cause = coded(87);
  const topic = 'compacted';
  expect(notSent({ topic, key: undefined }, cause)).toMatchObject({
    retryable: false,
    message: expect.stringContaining('needs a key'),
  });
  expect(notSent({ topic, key: 'k' }, cause)).toMatchObject({
    code: 'PUBLISH_FAILED',
    retryable: true,
    message: expect.stringContaining('another one of its batch'),
  });
});

it('only what the broker refuses about a topic is final: silence and a connection that was replaced pass', () => {
  const doing = "describe topic 'shop.orders'";
  const refused = Object.assign(new Error('Partitions must be > 0'), {
    name: 'KafkaJSProtocolError',
    type: 'INVALID_PARTITIONS',
  });
  expect(cannotAdminister(doing, refused, false)).toMatchObject({ code: 'CONFIG_INVALID', retryable: false });
  const closed = Object.assign(new Error('brokers array is empty'), { name: 'KafkaJSNonRetriableError' });
  for (const error of [
    cannotAdminister(doing, closed, true),
    cannotAdminister(doing, unanswered(doing), false),
  ]) {
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    expect(error.message).toContain(`cannot ${doing} on Kafka`);
  }
});

it('tells a topic without leader, as kafkajs says it at once and after its own tries', () => {
  const reason = Object.assign(new Error('There is no leader'), { type: 'LEADER_NOT_AVAILABLE', code: 5 });
  expect(isWithoutLeader(reason)).toBe(true);
  expect(isWithoutLeader(new Error('There is no leader', { cause: reason }))).toBe(true);
  expect(isWithoutLeader(new Error('no answer'))).toBe(false);
});
