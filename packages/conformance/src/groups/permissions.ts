/** Permissions that are taken away from a running bus, and given back: told at once, and no restart needed. */
import assert from 'node:assert/strict';
import { EbusError } from '@ebus/core';
import { declares, redelivery } from '../requirements.js';
import type { Group } from '../suite.js';
import { event } from '../test-kit/events.js';
import { failureOf } from '../test-kit/failure.js';
import { History } from '../test-kit/history.js';

const LONG = '60s';

/** Permissions revoked and restored while the bus runs. */
export const permissions: Group = ({ prove }) => {
  prove(
    ['broker.permissions'],
    [declares('acknowledged'), redelivery],
    'to publish: publishes reject, other topics go on, and so does this one once it may',
    async (t) => {
      const other = t.newTopic();
      const bus = await t.bus();
      for (const topic of [t.topic, other]) await bus.publishEnvelope(topic, event('a', 1));
      await t.broker.deny(t.topic, 'publish');
      const error = await failureOf(bus.publishEnvelope(t.topic, event('a', 2), { timeout: '8s' }));
      assert.equal(error.code, 'UNAUTHORIZED', error.message);
      assert.ok(error.message.includes(t.topic), error.message);
      await bus.publishEnvelope(other, event('a', 2), { timeout: LONG });
      await t.broker.permit();
      await t.eventually(
        () =>
          bus.publishEnvelope(t.topic, event('a', 3), { timeout: '5s' }).then(
            () => true,
            () => false,
          ),
        'it is accepted again',
      );
    },
  );

  prove(
    ['broker.permissions'],
    redelivery,
    'to consume: the bus tells of it, and goes on where it stood once it may again',
    async (t) => {
      const bus = await t.bus();
      const history = new History();
      const told: string[] = [];
      bus.on('error', (failure) => {
        if (EbusError.isInstance(failure.error)) told.push(failure.error.code);
      });
      await bus.subscribeEnvelope<{ sequence: number }>(t.topic, ({ aggregateId, payload }) =>
        history.handle(aggregateId, payload.sequence),
      );
      const publish = async (sequence: number) => {
        await bus.publishEnvelope(t.topic, event('a', sequence), { timeout: LONG });
        history.accept('a', sequence);
      };
      await publish(1);
      await t.eventually(() => history.isComplete, 'it works');
      await t.broker.deny(t.topic, 'subscribe');
      await publish(2);
      await t.eventually(
        async () => told.includes('UNAUTHORIZED') || (await bus.health.report()).status === 'unhealthy',
        'it is told',
      );
      await t.broker.permit();
      await publish(3);
      await t.eventually(() => history.isComplete, 'all is handled');
      history.check();
    },
  );
};
