/** Adapters that are broken in one way each: the suite notices. */
import type {
  Driver,
  DriverSubscription,
  IncomingMessage,
  OutgoingRecord,
  PartitionLag,
  Settlement,
  SubscriptionSpec,
  TransportPlugin,
} from '@ebus/core/driver';
import { memory } from '@ebus/memory';
import { describe, expect, it } from 'vitest';
import { runConformance } from './run-conformance.js';
import { replacing } from './test-kit/replacing.js';
import { uniqueName } from './test-kit/unique-name.js';

/** What a broken adapter does otherwise than memory. */
interface Fault {
  record?(record: OutgoingRecord): Partial<OutgoingRecord>;
  spec?(spec: SubscriptionSpec): Partial<SubscriptionSpec>;
  received?(messages: readonly IncomingMessage[]): readonly IncomingMessage[];
  settled?(done: readonly Settlement[]): readonly Settlement[];
  lag?(lag: readonly PartitionLag[]): readonly PartitionLag[];
}

let dropped = 0;

const faults: Record<string, { fault: Fault; group: string; notices: RegExp }> = {
  'drops headers that repeat a name': {
    fault: { record: ({ headers }) => ({ headers: [...new Map(headers)] }) },
    group: 'headers',
    notices: /duplicates keep order and count/,
  },
  'keeps header values as text': {
    fault: { record: ({ headers }) => ({ headers: headers.map(([name, value]) => [name, String(value)]) }) },
    group: 'headers',
    notices: /bytes of every value/,
  },
  'loses the key': {
    fault: { record: () => ({ key: undefined }) },
    group: 'publishing',
    notices: /the key arrives/,
  },
  "keeps the caller's buffer": {
    fault: { record: () => ({ ownsValue: true }) },
    group: 'publishing',
    notices: /may reuse buffers/,
  },
  'hands batches over backwards': {
    fault: { received: (messages) => messages.toReversed() },
    group: 'ordered delivery',
    notices: /each aggregate in order/,
  },
  'loses a message now and then': {
    fault: { received: (messages) => messages.filter(() => ++dropped % 20 !== 0) },
    group: 'unordered delivery',
    notices: /every message is handled once/,
  },
  'gives every member a group of its own': {
    fault: { spec: () => ({ group: uniqueName('group') }) },
    group: 'consumer groups',
    notices: /share the messages/,
  },
  'begins at the beginning, whatever was asked for': {
    fault: { spec: () => ({ from: 'earliest' }) },
    group: 'start positions',
    notices: /'latest' begins with/,
  },
  'forgets what was settled': {
    fault: { settled: (done) => done.filter(({ outcome }) => outcome === 'released') },
    group: 'restart',
    notices: /was handled does not come again/,
  },
  'takes what is handed back as handled': {
    fault: { settled: (done) => done.map(({ token }) => ({ token, outcome: 'handled' })) },
    group: 'restart',
    notices: /unsettled events come again/,
  },
  'says that nothing waits': {
    fault: { lag: (all) => all.map((one) => ({ ...one, lag: 0 })) },
    group: 'lag',
    notices: /is what a group has not settled/,
  },
};

describe('a broken adapter is noticed', () => {
  it.each(Object.entries(faults))('that %s', async (_, { fault, group, notices }) => {
    const failed = await failures(breaking(fault), group);
    expect(failed).toContainEqual(expect.stringMatching(notices));
  });
});

it('an adapter without topic administration runs the suite', async () => {
  const transport: TransportPlugin = {
    ...memory,
    create: async (config: never, context) =>
      replacing(await memory.create(config, context), { admin: undefined } as never),
  };
  expect(await failures(transport, 'publishing', 5_000)).toEqual([]);
  expect(await failures(transport, 'dead letters', 5_000)).toEqual([]);
});

/** The titles of the tests of one group that fail. */
async function failures(transport: TransportPlugin, group: string, patience = 150): Promise<string[]> {
  const tests: { title: string; body: () => Promise<void> }[] = [];
  let current = '';
  const describeGroup = (name: string, body: () => void) => {
    current = name;
    body();
  };
  const define = (title: string, body: () => Promise<void>) => {
    if (current === group) tests.push({ title, body });
  };
  await runConformance(
    { describe: describeGroup, it: Object.assign(define, { skip: () => {} }) },
    {
      name: 'broken',
      persistence: 'persistent',
      transport,
      config: { type: 'memory', memory: { broker: uniqueName('broker') } },
      patience,
    },
  );
  const failed: string[] = [];
  for (const { title, body } of tests) await body().catch(() => failed.push(title));
  return failed;
}

function breaking(fault: Fault): TransportPlugin {
  return {
    ...memory,
    create: async (config: never, context) => breakDriver(await memory.create(config, context), fault),
  };
}

function breakDriver(driver: Driver, { record, spec, received, settled, lag }: Fault): Driver {
  const breakSubscription = (subscription: DriverSubscription) =>
    replacing(subscription, {
      settle: (done) => subscription.settle(settled?.(done) ?? done),
      ...(lag === undefined || subscription.lag === undefined
        ? {}
        : { lag: async (options) => lag((await subscription.lag?.(options)) ?? []) }),
    });
  return replacing(driver, {
    send: (outgoing) =>
      driver.send(replacing(outgoing, (record?.(outgoing) ?? {}) as Partial<typeof outgoing>)),
    subscribe: async (wanted, sink, options) => {
      const push = (batch: readonly IncomingMessage[]) => sink.push(received?.(batch) ?? batch);
      const broken = replacing(sink, { push });
      return breakSubscription(await driver.subscribe({ ...wanted, ...spec?.(wanted) }, broken, options));
    },
  });
}
