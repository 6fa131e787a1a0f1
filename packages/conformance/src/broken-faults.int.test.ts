/** Adapters that fail only when something else does: the suite notices, where the harness offers what it takes. */
import { fileURLToPath } from 'node:url';
import { programOf } from '@ebus/run-source';
import { type ServiceAddress, sharedService } from '@ebus/services';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { NatsBroker } from '../../nats/src/testing/nats-broker.js';
import { NatsLog } from '../../nats/src/testing/nats-log.js';
import type { BreakableBroker, ConfigOverlay } from './abilities.js';
import type { GroupName } from './groups/index.js';
import { runConformance } from './run-conformance.js';
import { replacing } from './test-kit/replacing.js';
import { type Break, brokenTransport } from './testing/broken-transport.js';

vi.setConfig({ testTimeout: 60_000 });

/** One test of each kind that has to fail. */
const noticed: readonly [Break, GroupName, RegExp][] = [
  ['acknowledges before the broker has answered', 'receipts', /pending until the broker's answer/],
  ['takes any reconnect for done', 'reconnecting', /makes connections anew/],
  ['never renews a lease', 'leases', /keeps its message, also where another/],
  ['forgets the order that was asked for', 'membership', /slower than a lease, while members join/],
  ["begins with the newest, whatever the group's position is", 'crash', /'latest' is pinned/],
  ["begins with the newest, whatever the group's position is", 'positions', /is away, the old one longer/],
  ['calls every error retryable', 'errors', /publish without the permission/],
  ['hides why it cannot connect', 'errors', /a login that is refused/],
  ['has one code for everything', 'permissions', /to publish: publishes reject/],
  ['does not tell that the connection is lost', 'reconnecting', /that breaks comes back by itself/],
  ['keeps a timer after it was closed', 'process end', /with the broker there/],
];

/** Started once for all, and mended after each test. */
const broker = new NatsBroker('current');
const shared: BreakableBroker = replacing<BreakableBroker>(broker, {
  start: () => overlay,
  close: async () => {},
});
let overlay: Promise<ConfigOverlay>;
let server: ServiceAddress;
beforeAll(async () => {
  server = await sharedService('nats');
  overlay = broker.start();
  await overlay;
});
afterAll(() => broker.close());

it.each(noticed)('that %s (%s: %s)', async (name, group, title) => {
  const tests: { title: string; body: () => Promise<void> }[] = [];
  const define = (one: string, body: () => Promise<void>) => void tests.push({ title: one, body });
  const program = await programOf(fileURLToPath(new URL('testing/broken-process.ts', import.meta.url)));
  await runConformance(
    { describe: (_, body) => body(), it: Object.assign(define, { skip: () => {} }) },
    {
      name: 'broken',
      persistence: 'persistent',
      transport: brokenTransport(name),
      config: {
        type: 'nats',
        nats: { urls: [...server.addresses], jetstream: { ackWait: '2s', stream: { storage: 'memory' } } },
      },
      patience: '4s',
      log: new NatsLog(() => server.addresses[0] as string),
      broker: shared,
      program: { ...program, env: { EBUS_BREAK: name } },
      leases: { ms: 1_000, config: { nats: { jetstream: { ackWait: '1s' } } } },
    },
    { groups: [group] },
  );
  const wanted = tests.filter((test) => title.test(test.title));
  expect(wanted).toHaveLength(1);
  await expect(wanted[0]?.body()).rejects.toThrow();
});
