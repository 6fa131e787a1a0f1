/** Topics as the server has them: read back with a client that knows nothing of ebus. */
import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { afterEach, describe, expect, it } from 'vitest';
import { streamName } from './names.js';
import { Cleanup, eventually, natsBus, plainClient, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const NANOS = 1_000_000;

describe.each(['current', '2.9'])('on a %s server', async (version) => {
  const { addresses } = await sharedService('nats', { version });
  const hasPartitions = version === 'current';
  const aBus = async () => cleanup.add(await natsBus(addresses), (bus) => bus.close());
  const manager = async () =>
    cleanup.add(await plainClient(addresses), ({ connection }) => connection.close()).manager;

  it('every setting arrives there, is changed there, and limits are taken away again', async () => {
    const bus = await aBus();
    const topic = uniqueName('topic');
    const streams = (await manager()).streams;
    const configOf = async () => (await streams.info(streamName(topic))).config;
    const options = {
      retention: '2h',
      maxSize: '1MB',
      maxMessages: 500,
      description: 'all',
      partitions: 3,
    } as const;
    expect(await bus.topics.configure(topic, { ...options, compression: 'gzip' })).toMatchObject({
      action: 'created',
      unsupported: hasPartitions ? ['compression'] : ['partitions', 'compression'],
    });
    expect(await configOf()).toMatchObject({
      subjects: hasPartitions ? [topic, `${topic}.0`, `${topic}.1`, `${topic}.2`] : [topic],
      max_age: 2 * 3_600_000 * NANOS,
      max_bytes: 1_048_576,
      max_msgs: 500,
      num_replicas: 1,
      description: 'all',
    });
    const without = { retention: 0, maxSize: 0, maxMessages: -1, description: '' } as const;
    expect((await bus.topics.configure(topic, without)).changed).toEqual([
      'retention',
      'maxSize',
      'maxMessages',
      'description',
    ]);
    expect(await configOf()).toMatchObject({ max_age: 0, max_bytes: -1, max_msgs: -1 });
    expect(await bus.topics.configure(topic, without)).toMatchObject({ action: 'left' });
  });

  it('retention discards what is older', async () => {
    const bus = await aBus();
    const topic = uniqueName('topic');
    const streams = (await manager()).streams;
    await bus.topics.configure(topic, { retention: '200ms' });
    await bus.publish(topic, 'x');
    await eventually(async () => (await streams.info(streamName(topic))).state.messages === 0);
  });

  it('more replicas than there are servers is refused, with what to do', async () => {
    const bus = await aBus();
    const error = await bus.topics
      .configure(uniqueName('topic'), { replicas: 3 })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', retryable: false });
    expect((error as Error).message).toMatch(
      /cannot have 3 replicas.*Ask for fewer replicas, or add servers/,
    );
  });

  it('two processes that configure the same 50 topics at once both succeed, and every topic is right', {
    timeout: 60_000,
  }, async () => {
    const prefix = uniqueName('raced');
    const file = fileURLToPath(new URL('./testing/configure-topics.ts', import.meta.url));
    const args = [addresses[0] as string, prefix, '50'];
    const bus = await aBus();
    // A third party that wants something else of half of them, at the same time.
    const others = Object.fromEntries(
      Array.from({ length: 25 }, (_, index) => [`${prefix}.${index}`, { description: 'raced' }]),
    );
    const [one, two] = await Promise.all([
      runSource(file, args),
      runSource(file, args),
      bus.topics.apply(others),
    ]);
    for (const { code, stderr, stdout } of [one, two]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toHaveLength(50);
    }
    const streams = (await manager()).streams;
    for (let index = 0; index < 50; index++) {
      const { config } = await streams.info(streamName(`${prefix}.${index}`));
      expect(config).toMatchObject({ max_age: 2 * 3_600_000 * NANOS, max_msgs: 500 });
    }
  });

  it('an ephemeral topic needs nothing on the server; one that a stream captures is a mismatch', async () => {
    const bus = await aBus();
    const topic = uniqueName('topic');
    const { streams } = await manager();
    const ephemeral = { persistence: 'ephemeral', retention: '1h' } as const;
    const outcome = { topic, action: 'left', changed: [], mismatches: [], unsupported: ['retention'] };
    expect(await bus.topics.configure(topic, ephemeral)).toEqual(outcome);
    expect(await bus.topics.describe(topic)).toBeUndefined();
    await streams.add({ name: uniqueName('captures'), subjects: [`${topic}.>`, topic] });
    const captured = await bus.topics.configure(topic, ephemeral);
    expect(captured).toMatchObject({ action: 'mismatched', changed: [] });
    expect(captured.mismatches).toMatchObject([
      { field: 'persistence', expected: 'ephemeral', actual: 'persistent' },
    ]);
    const failing = bus.topics.configure(topic, ephemeral, { onMismatch: 'fail' });
    await expect(failing).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
  });
});
