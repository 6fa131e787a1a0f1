/** Limits of an account that are reached: said as what they are, and no longer than they are. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cleanup, event, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const config = 'accounts { A { jetstream { max_streams: 1 }, users: [{ user: app, password: p }] } }';
const cleanup = new Cleanup();
let server: Service;
beforeAll(async () => {
  server = await startService('nats', { own: true, config });
});
afterEach(() => cleanup.run());
afterAll(() => server.close());

it('no room for the stream of a topic: publishing and subscribing say so, and go on once there is', async () => {
  const [first, second] = [uniqueName('topic'), uniqueName('topic')];
  const bus = cleanup.add(
    await natsBus(server.addresses, {
      nats: { security: { enabled: true, username: 'app', password: 'p' } },
    }),
    (one) => one.close(),
  );
  await bus.publishEnvelope(first, event('a', 1));
  const refusal = { code: 'LIMIT', retryable: true, message: expect.stringContaining('number of streams') };
  await expect(bus.publishEnvelope(second, event('a', 1))).rejects.toMatchObject(refusal);
  await expect(bus.subscribeEnvelope(second, () => {})).rejects.toMatchObject(refusal);
  const { connection, manager } = await plainClient(server.addresses, { user: 'app', pass: 'p' });
  await manager.streams.delete(await manager.streams.find(first));
  await connection.close();
  await eventually(() =>
    bus.publishEnvelope(second, event('a', 2)).then(
      () => true,
      () => false,
    ),
  );
});
