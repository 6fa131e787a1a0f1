import { ConfigError } from '@ebus/core/driver';
import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { API } from './errors.js';
import { tooManyReplicas } from './stream-errors.js';

const refused = (err_code: number, code: number, description: string) =>
  new JetStreamApiError({ code, err_code, description });

it('waits for servers that may only be away', () => {
  const error = tooManyReplicas('ORDERS', 3, refused(API.noSuitablePeers, 400, 'no suitable peers'));
  expect(error).toMatchObject({ code: 'LIMIT', retryable: true });
  expect(error.message).toMatch(/cannot have 3 replicas.*no suitable peers.*Ask for fewer replicas/);
});

it('does not wait where there is no cluster', () => {
  const error = tooManyReplicas('ORDERS', 3, refused(API.replicasNotSupported, 500, 'not clustered'));
  expect(ConfigError.isInstance(error)).toBe(true);
  expect(error.retryable).toBe(false);
});
