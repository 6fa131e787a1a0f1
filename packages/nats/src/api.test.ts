import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { Api } from './api.js';

const refusal = new JetStreamApiError({ code: 404, err_code: 10059, description: 'stream not found' });
const nobody = new errors.NoRespondersError('$JS.API.STREAM.NAMES');
const api = (isThere = false) =>
  new Api({ urls: ['nats://here'], isThere: () => isThere, manager: () => ({}) as JetStreamManager });
const failing = (error: Error) => () => Promise.reject(error);

it('takes a server that never answered for one without JetStream, and one that did for one that is away', async () => {
  const one = api();
  await expect(one.ask('asking', failing(nobody))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await one.ask('asking', async () => 1);
  await expect(one.ask('asking', failing(nobody))).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await expect(api(true).ask('asking', failing(nobody))).rejects.toMatchObject({ retryable: true });
});

it('finds nothing where the error says so, and fails with any other', async () => {
  await expect(api().find('looking', [10059], failing(refusal))).resolves.toBeUndefined();
  await expect(api().find('looking', [10014], failing(refusal))).rejects.toMatchObject({
    code: 'TOPIC_NOT_FOUND',
  });
});
