/** One group on a scripted cluster, with a clock that tests move. */
import type { SubscriptionSpec } from '@ebus/core/driver';
import { ManualClock } from '../../../../core/src/testing/manual-clock.js';
import { kafkaConfigSchema } from '../../config-schema.js';
import { Membership } from '../membership.js';
import type { Session } from '../session.js';
import { FakeCluster } from './fake-client.js';
import { FakeSink, recorder } from './fakes.js';

export function group({ durable = true } = {}) {
  const cluster = new FakeCluster();
  const clock = new ManualClock();
  const { lines, logger } = recorder();
  const pins = new Map();
  const retired: Session[] = [];
  let closed = 0;
  cluster.log('orders', 0, { topicId: 'id', begin: 0, end: 10 });
  cluster.log('orders', 1, { topicId: 'id', begin: 0, end: 20 });
  cluster.log('letters', 0, { topicId: 'id-2', begin: 0, end: 5 });
  const membership = () =>
    new Membership({
      client: cluster.client,
      config: kafkaConfigSchema.parse({ brokers: ['a:1'] }),
      serviceName: 'billing',
      group: 'billing',
      durable,
      declared: [],
      pins,
      clock,
      logger,
      questions: () => cluster.questions,
      stateOf: async () => ({ state: 'Stable', members: 1 }),
      onError: () => {},
      retire: (session) => void retired.push(session),
      leave: (session) => session.leave(),
      onCleanUp: () => {},
      onClosed: () => void closed++,
    });
  /** Until the time is up at the latest. */
  const join = async (member: Membership, more: Partial<SubscriptionSpec> = {}, ms = 5_000) => {
    const sink = new FakeSink();
    const spec: SubscriptionSpec = {
      topic: 'orders',
      persistence: 'persistent',
      group: 'billing',
      durable,
      from: 'latest',
      ordering: 'instance',
      ...more,
    };
    const seen: { subscription?: Awaited<ReturnType<Membership['join']>>; error?: unknown } = {};
    member.join(spec, sink, { signal: clock.timeout(ms) }).then(
      (subscription) => {
        seen.subscription = subscription;
      },
      (error: unknown) => {
        seen.error = error;
      },
    );
    return Object.assign(seen, { sink });
  };
  return { cluster, clock, lines, membership, join, retired, closed: () => closed, pins };
}
