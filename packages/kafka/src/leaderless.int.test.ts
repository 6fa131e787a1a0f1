/** A topic of somebody else that lost its only broker is no business of ours. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cleanup, event, eventually, kafkaBus, plainAdmin, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
let cluster: Service;

beforeAll(async () => {
  cluster = await startService('kafka', { own: true, nodes: 3 });
});
afterEach(() => cleanup.run());
afterAll(() => cluster?.close());

it('while another topic has no leader, topics are made, changed and described, and groups looked at', {
  timeout: 120_000,
}, async () => {
  const [topic, foreign] = [uniqueName('topic'), uniqueName('foreign')];
  const admin = cleanup.add(await plainAdmin(cluster.addresses), (one) => one.disconnect());
  await admin.createTopics({
    topics: [
      { topic: foreign, replicaAssignment: [{ partition: 0, replicas: [3] }] },
      { topic: uniqueName('led'), replicaAssignment: [{ partition: 0, replicas: [1, 2] }] },
    ],
  });
  await cluster.kill(3);
  await eventually(
    () =>
      admin.fetchTopicMetadata({ topics: [foreign] }).then(
        () => false,
        (error: Error) => /no leader/.test(error.message),
      ),
    'it has no leader',
    60_000,
  );
  const replicas = { replicas: 2 };
  const topics = { [topic]: { retention: '1d', ...replicas } } as const;
  const bus = cleanup.add(await kafkaBus(cluster.addresses, { common: { topics } }), (one) => one.close());
  let handled = 0;
  await bus.subscribeEnvelope(topic, () => void handled++);
  await bus.publishEnvelope(topic, event('a', 1));
  await eventually(() => handled === 1);
  await bus.topics.configure(topic, { retention: '2d', ...replicas });
  expect(await bus.topics.describe(topic)).toMatchObject({ retentionMs: 172_800_000 });
  const listed = await bus.inspect.topics();
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining([topic, foreign]));
  expect(await bus.inspect.groups(topic)).toMatchObject([{ members: 1 }]);
  expect(await bus.inspect.broker()).toMatchObject({ brokers: 2 });
});
