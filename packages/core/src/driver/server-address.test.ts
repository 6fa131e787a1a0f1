import { expect, it } from 'vitest';
import { serverAddress } from './server-address.js';

it.each([
  ['kafka-1:9092', { address: 'kafka-1', port: 9092 }],
  ['10.0.0.7:4222', { address: '10.0.0.7', port: 4222 }],
  ['[::1]:4222', { address: '::1', port: 4222 }],
  ['kafka-1', { address: 'kafka-1' }],
  ['nats://user:pass@demo.nats.io:4222', { address: 'demo.nats.io', port: 4222 }],
  ['tls://demo.nats.io:4222/', { address: 'demo.nats.io', port: 4222 }],
  ['', undefined],
  [':9092', undefined],
  ['::1', undefined],
  [undefined, undefined],
])('%s', (text, address) => {
  expect(serverAddress(text)).toEqual(address);
});
