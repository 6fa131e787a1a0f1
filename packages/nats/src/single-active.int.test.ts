import { TcpProxy } from '@ebus/conformance';
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { consumerName, streamName } from './names.js';
import {
  Cleanup,
  event,
  eventually,
  gate,
  History,
  natsBus,
  plainClient,
  uniqueName,
} from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe('on a current server', async () => {
  const { addresses } = await sharedService('nats');

  async function pinnedClient(topic: string, service: string): Promise<string | undefined> {
    const { manager, connection } = await plainClient(addresses);
    const info = await manager.consumers.info(streamName(topic), consumerName(service, topic));
    await connection.close();
    // The client's types do not know of it yet.
    const { priority_groups: groups } = info as { priority_groups?: { pinned_client_id?: string }[] };
    return groups?.[0]?.pinned_client_id;
  }

  it('two instances of a group never handle events of an aggregate at once or out of order, and one leaving hands over', {
    timeout: 60_000,
  }, async () => {
    const topic = uniqueName('topic');
    const service = uniqueName('service');
    const publisher = cleanup.add(await natsBus(addresses), (bus) => bus.close());
    const history = new History();
    const handling = new Set<string>();
    const by = new Set<number>();
    const instance = async (number: number) => {
      const bus = cleanup.add(await natsBus(addresses, { service }), (one) => one.close());
      await bus.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ aggregateId, payload }) => {
          expect(handling.has(aggregateId)).toBe(false);
          handling.add(aggregateId);
          by.add(number);
          await new Promise((resolve) => setImmediate(resolve));
          history.handle(aggregateId, payload.sequence);
          handling.delete(aggregateId);
        },
        { ordering: 'cluster' },
      );
      return bus;
    };
    const first = await instance(1);
    await instance(2);
    const publish = async (from: number, to: number) => {
      for (let sequence = from; sequence <= to; sequence++) {
        await Promise.all(
          ['a', 'b', 'c', 'd'].map(async (id) => {
            await publisher.publishEnvelope(topic, event(id, sequence));
            history.accept(id, sequence);
          }),
        );
      }
    };
    await publish(1, 100);
    await eventually(() => history.handledCount === 400);
    expect([...by]).toEqual([1]);
    const pinned = await pinnedClient(topic, service);
    expect(pinned).toBeTruthy();
    const publishing = publish(101, 300);
    await eventually(() => history.handledCount > 500);
    await first.close();
    // It has given up its place, so that nobody waits until the server misses it.
    expect(await pinnedClient(topic, service)).not.toBe(pinned);
    await publishing;
    await eventually(() => history.isComplete, 'the second instance took over');
    history.check();
    expect(history.duplicates).toBe(0);
    expect([...by]).toEqual([1, 2]);
  });

  it('one that has no room while its handlers run keeps its place, for longer than the server waits for one that asks', {
    timeout: 60_000,
  }, async () => {
    const [topic, service] = [uniqueName('topic'), uniqueName('service')];
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const unpinned: string[] = [];
    const advisories = `$JS.EVENT.ADVISORY.CONSUMER.UNPINNED.${streamName(topic)}.>`;
    plain.connection.subscribe(advisories, {
      callback: (_, message) => void unpinned.push(message.string()),
    });
    const done = gate();
    const began: string[] = [];
    const member = async (name: string) => {
      const settings = { service, common: { keyedWorkerPool: { queueSize: 1 } } };
      const bus = cleanup.add(await natsBus(addresses, settings), (one) => one.close());
      await bus.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ payload }) => {
          began.push(`${name} ${payload.sequence}`);
          await done.promise;
        },
        { ordering: 'cluster', concurrency: 1 },
      );
      return bus;
    };
    const first = await member('first');
    await first.publishEnvelope(topic, event('a', 1));
    await eventually(() => began.length === 1);
    const second = await member('second');
    for (const sequence of [2, 3]) await second.publishEnvelope(topic, event('a', sequence));
    // The pins of these consumers last for two seconds.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect([began, unpinned]).toEqual([['first 1'], []]);
    done.resolve();
    await eventually(() => began.length === 3);
    expect(began).toEqual(['first 1', 'first 2', 'first 3']);
  });

  it('one that is cut off lets go of what it holds before its lease is over, and its successor goes on in order', {
    timeout: 60_000,
  }, async () => {
    const [topic, service] = [uniqueName('topic'), uniqueName('service')];
    const network = new TcpProxy();
    await network.listen();
    network.forwardTo(addresses[0] as string);
    cleanup.add(network, (one) => one.close());
    const log: string[] = [];
    const member = async (name: string, urls: readonly string[]) => {
      const bus = cleanup.add(await natsBus(urls, { service }), (one) => one.close({ timeout: 0 }));
      await bus.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ payload }, { signal }) => {
          log.push(`${name} begins ${payload.sequence}`);
          if (name === 'first') await new Promise((resolve) => signal.addEventListener('abort', resolve));
          log.push(`${name} ends ${payload.sequence}`);
        },
        { ordering: 'cluster' },
      );
      return bus;
    };
    await member('first', [`nats://${network.address}`]);
    const second = await member('second', addresses);
    await second.publishEnvelope(topic, event('a', 1));
    await eventually(() => log.length === 1);
    network.swallow();
    await second.publishEnvelope(topic, event('a', 2));
    await eventually(() => log.includes('second ends 2'), 'the successor goes on');
    expect(log).toEqual([
      ...['first begins 1', 'first ends 1'],
      ...['second begins 1', 'second ends 1', 'second begins 2', 'second ends 2'],
    ]);
  });

  it('where its consumer is deleted, one lets go of what it holds: another one may be given that at once', {
    timeout: 60_000,
  }, async () => {
    const [topic, service] = [uniqueName('topic'), uniqueName('service')];
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const log: string[] = [];
    let isLost = false;
    const member = async () => {
      const bus = cleanup.add(await natsBus(addresses, { service }), (one) => one.close({ timeout: 0 }));
      await bus.subscribeEnvelope<{ sequence: number }>(
        topic,
        async ({ payload }, { signal }) => {
          log.push(`begins ${payload.sequence}`);
          if (!isLost) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          isLost = true;
          log.push(`ends ${payload.sequence}`);
        },
        { ordering: 'cluster' },
      );
      return bus;
    };
    const [bus] = [await member(), await member()];
    for (const sequence of [1, 2]) await bus.publishEnvelope(topic, event('a', sequence));
    await eventually(() => log.length === 1);
    await plain.manager.consumers.delete(streamName(topic), consumerName(service, topic));
    await eventually(() => log.includes('ends 2'), 'the group goes on');
    expect(log).toEqual(['begins 1', 'ends 1', 'begins 1', 'ends 1', 'begins 2', 'ends 2']);
  });

  it('an existing group that shares its messages moves to one active instance, and back, where it stands', async () => {
    const [topic, service] = [uniqueName('topic'), uniqueName('service')];
    const plain = cleanup.add(await plainClient(addresses), ({ connection }) => connection.close());
    const policies: unknown[] = [];
    const handled: number[] = [];
    for (const [sequence, options] of [
      [1, { ordering: 'instance' }],
      [2, {}],
      [3, { ordering: 'instance' }],
    ] as const) {
      const bus = await natsBus(addresses, { service });
      await bus.publishEnvelope(topic, event('a', sequence));
      const handle = ({ payload }: { payload: { sequence: number } }) => void handled.push(payload.sequence);
      await bus.subscribeEnvelope<{ sequence: number }>(topic, handle, options);
      await eventually(() => handled.length === sequence);
      const info = await plain.manager.consumers.info(streamName(topic), consumerName(service, topic));
      policies.push((info.config as { priority_policy?: string }).priority_policy ?? 'none');
      await bus.close();
    }
    expect(handled).toEqual([1, 2, 3]);
    expect(policies).toEqual(['none', 'pinned_client', 'none']);
  });
});
