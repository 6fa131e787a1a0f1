/** What fails, fails with the code that says why, and with the truth about whether trying again may help. */
import type { CommonConfig, ErrorCode } from '@ebus/core';
import type { Ability } from '../abilities.js';
import { declares, type Requirement } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { assertFailure, failureOf } from '../test-kit/failure.js';
import type { Scenario } from '../test-kit/scenario.js';

interface Row {
  readonly title: string;
  readonly needs?: readonly Ability[];
  readonly requirements?: readonly Requirement[];
  /** Resolves with what has to fail. */
  readonly action: (t: Scenario) => Promise<() => Promise<unknown>>;
  readonly codes: readonly ErrorCode[];
  readonly retryable: boolean;
}

const REFUSING: CommonConfig = { unconfiguredTopics: 'refuse' };
const administrable: Requirement = ({ admin, persistence }) =>
  admin === undefined || (persistence === 'ephemeral' && admin.persistenceIs === 'route')
    ? 'topics of this kind need nothing on the broker'
    : undefined;

/** A subscribe that does not give up by itself is given up here. */
const soon = () => AbortSignal.timeout(5_000);

const rows: readonly Row[] = [
  ...(['publish', 'subscribe'] as const).map((use) => ({
    title: `${use} on a topic that is not there, and may not be made`,
    requirements: [administrable],
    action: async (t: Scenario) => {
      const bus = await t.bus({ config: REFUSING });
      const missing = `${t.service}-missing`;
      return () =>
        use === 'publish' ? bus.publish(missing, 'x') : bus.subscribe(missing, () => {}, { signal: soon() });
    },
    codes: ['TOPIC_NOT_FOUND'] as const,
    retryable: false,
  })),
  ...(['publish', 'subscribe'] as const).map((use) => ({
    title: `${use} without the permission`,
    needs: ['broker.permissions'] as const,
    requirements: use === 'publish' ? [declares('acknowledged')] : [],
    action: async (t: Scenario) => {
      const bus = await t.bus();
      await bus.publish(t.topic, 'there it is');
      await t.broker.deny(t.topic, use);
      return () =>
        use === 'publish'
          ? bus.publish(t.topic, 'x', { timeout: '8s' })
          : bus.subscribe(t.topic, () => {}, { signal: soon() });
    },
    codes: ['UNAUTHORIZED'] as const,
    retryable: false,
  })),
  {
    title: 'a login that is refused',
    needs: ['broker.login'],
    action: async (t) => () => t.bus({ config: { ...t.broker.wrongLogin, connectTimeout: '8s' } }),
    codes: ['UNAUTHORIZED'],
    retryable: false,
  },
  {
    title: 'a broker that is away when the bus is made',
    needs: ['broker.kill'],
    action: async (t) => {
      await t.broker.kill();
      return () => t.bus({ config: { connectTimeout: 500 } });
    },
    codes: ['CONNECTION_FAILED'],
    retryable: true,
  },
  {
    title: 'a broker that does not answer when the bus is made',
    needs: ['broker.network'],
    action: async (t) => {
      t.broker.network.swallow();
      return () => t.bus({ config: { connectTimeout: 500 } });
    },
    codes: ['CONNECTION_FAILED'],
    retryable: true,
  },
  ...(['killed', 'frozen'] as const).map((how) => ({
    title: `publish while the broker is ${how}`,
    needs: [how === 'killed' ? 'broker.kill' : 'broker.freeze'] as const,
    requirements: [declares('acknowledged')],
    action: async (t: Scenario) => {
      const bus = await t.bus();
      await bus.publish(t.topic, 'there it is');
      await (how === 'killed' ? t.broker.kill() : t.broker.freeze());
      return () => bus.publishEnvelope(t.topic, event('a', 1), { timeout: '1s' });
    },
    codes: ['PUBLISH_TIMEOUT', 'CONNECTION_FAILED'] as const,
    retryable: true,
  })),
  {
    title: 'subscribe while the broker is away',
    needs: ['broker.kill'],
    action: async (t) => {
      const bus = await t.bus();
      await bus.publish(t.topic, 'there it is');
      await t.broker.kill();
      await t.eventually(() => bus.connection.state().status !== 'connected', 'the loss is noticed');
      return () => bus.subscribe(t.topic, () => {});
    },
    codes: ['SUBSCRIBE_FAILED', 'CONNECTION_FAILED'],
    retryable: true,
  },
];

/** One row per failure: the codes that it may have, and whether trying again may help. */
export const errors: Group = ({ prove }) => {
  for (const { title, needs = [], requirements = [], action, codes, retryable } of rows) {
    const truth = retryable ? 'retryable' : 'not retryable';
    prove(needs, requirements, `${title}: ${codes.join(' or ')}, ${truth}`, async (t) => {
      const act = await action(t);
      assertFailure(await failureOf(act()), codes, retryable);
    });
  }

  prove(
    ['invalidTopics'],
    [],
    'names that the broker does not take: TOPIC_NAME_INVALID, not retryable',
    async (t) => {
      const bus = await t.bus();
      for (const name of t.invalidTopics) {
        for (const act of [() => bus.publish(name, 'x'), () => bus.subscribe(name, () => {})])
          assertFailure(await failureOf(act()), ['TOPIC_NAME_INVALID'], false);
      }
    },
  );

  prove(
    ['broker.login.take', 'broker.network'],
    [],
    'a login that is taken away from a running bus and given back: it is told, and the bus comes back by itself',
    async (t) => {
      const bus = await t.bus();
      let seen = 0;
      await bus.subscribe(t.topic, () => void seen++);
      await t.broker.takeLogin();
      await t.eventually(async () => !(await bus.health.report()).ready, 'it is told');
      const before = t.broker.network.connections;
      await t.eventually(() => t.broker.network.connections >= before + 3, 'it tries again and again');
      await t.broker.giveLogin();
      await t.eventually(async () => {
        await bus.publish(t.topic, 'hello', { timeout: '1s' }).catch(() => {});
        return seen > 0;
      }, 'it works again');
      await t.eventually(async () => (await bus.health.report()).ready, 'it is ready again');
    },
  );
};
