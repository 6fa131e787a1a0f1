/** Rights to listen that an operator takes away while a bus runs, and gives back: nobody need restart it. */
import type { EventBus } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Cleanup, event, eventually, natsBus, uniqueName } from './testing/harness.js';
import { apply, authorization, openRules, type Rules } from './testing/nats-rules.js';

const cleanup = new Cleanup();
let server: Service;
let rules: Rules;
beforeAll(async () => {
  server = await startService('nats', { own: true, config: authorization(openRules()) });
});
afterEach(async () => {
  await cleanup.run();
  await permit();
});
afterAll(() => server.close());

const denyListening = (subject: string) => {
  rules = openRules();
  rules.denied.subscribe.push(subject);
  return apply(server, rules);
};
const permit = () => apply(server, openRules());

async function aBus(settings: { inbox?: string; service?: string; topics?: object } = {}) {
  const { inbox = '_INBOX', service = uniqueName('service'), topics = {} } = settings;
  const bus = await natsBus(server.addresses, {
    service,
    common: { topics: topics as Record<string, object> },
    nats: { inboxPrefix: inbox, security: { enabled: true, username: 'app', password: 'right' } },
  });
  return cleanup.add(bus, (one) => one.close({ timeout: '1s' }));
}

const codeOf = (publishing: Promise<unknown>): Promise<string> =>
  publishing.then(
    () => 'stored',
    (error: { code: string }) => error.code,
  );

it('the answers to publishes: publishing says so, and goes on once they may come again', async () => {
  const topic = uniqueName('topic');
  const bus = await aBus({ inbox: '_INBOX_publisher' });
  await bus.publishEnvelope(topic, event('a', 1));
  await denyListening('_INBOX_publisher.>');
  const publish = (sequence: number) => codeOf(bus.publishEnvelope(topic, event('a', sequence)));
  expect([await publish(2), await publish(3)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
  await permit();
  await eventually(async () => (await publish(4)) === 'stored');
});

it('an ephemeral topic: the subscription is told, and hears again', async () => {
  const topic = uniqueName('topic');
  const topics = { [topic]: { persistence: 'ephemeral' } };
  const [publisher, bus] = [await aBus({ topics }), await aBus({ topics })];
  const told: string[] = [];
  bus.on('error', ({ error }) => void told.push((error as { code: string }).code));
  const heard: unknown[] = [];
  await bus.subscribe(topic, ({ data }) => void heard.push(data.length));
  await denyListening(topic);
  await eventually(() => told.includes('UNAUTHORIZED'));
  await permit();
  await eventually(async () => {
    await publisher.publish(topic, 'x');
    return heard.length > 0;
  });
});

it('the words of a group that shares partitions: its members share them evenly again', async () => {
  const topic = uniqueName('topic');
  const topics = { [topic]: { partitions: 2 } };
  const service = uniqueName('service');
  const [one, two] = [await aBus({ topics, service }), await aBus({ topics, service })];
  const shares = new Map<EventBus, Set<number>>([one, two].map((bus) => [bus, new Set()]));
  const sizes = () => [...shares.values()].map(({ size }) => size);
  for (const bus of [one, two]) {
    const share = shares.get(bus) as Set<number>;
    bus.on('assigned', ({ partitions = [] }) => {
      for (const partition of partitions) share.add(partition);
    });
    bus.on('revoked', ({ partitions = [] }) => {
      for (const partition of partitions) share.delete(partition);
    });
    await bus.subscribeEnvelope(topic, () => {});
  }
  await eventually(() => `${sizes()}` === '1,1');
  await denyListening('_EBUS.members.>');
  await eventually(() => `${sizes()}` !== '1,1', 'they hear nothing of each other');
  await permit();
  await eventually(() => `${sizes()}` === '1,1', 'they hear each other again', 30_000);
}, 60_000);
