/** A connection that is replaced has left the groups before the new one is said to be there. */
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanup, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const { addresses } = await sharedService('nats', { version });

  it('an ephemeral subscription hears everything that is published after a reconnect', async () => {
    const topic = uniqueName('topic');
    const bus = cleanup.add(
      await natsBus(addresses, { common: { topics: { [topic]: { persistence: 'ephemeral' } } } }),
      (one) => one.close(),
    );
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const heard = new Set<string>();
    await bus.subscribe(topic, (message) => void heard.add(message.text()));
    for (let round = 1; round <= 20; round++) {
      await bus.connection.reconnect();
      for (let i = 1; i <= 5; i++) plain.connection.publish(topic, `${round} ${i}`);
      await plain.connection.flush();
    }
    await eventually(() => heard.size === 100, 'everything is heard');
    expect(bus.connection.state()).toMatchObject({ status: 'connected', reconnects: 20 });
  });
});
