/** Each role of the guide on security with the permissions that the README lists for it, on a server that forbids all others. */
import { type Service, startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup, event, eventually, natsBus, plainClient } from './testing/harness.js';

const API = '$JS.API';
const INBOXES = ['maker', 'publisher', 'worker', 'operator', 'first', 'second'] as const;
type User = (typeof INBOXES)[number];

/** As the README lists them, by stream and consumer. */
const findStream = (stream: string) => [`${API}.STREAM.NAMES`, `${API}.STREAM.INFO.${stream}`];
const consume = (stream: string, durable: string, topic: string) => [
  ...findStream(stream),
  `${API}.CONSUMER.INFO.${stream}.${durable}`,
  `${API}.CONSUMER.CREATE.${stream}.${durable}.${topic}`,
  `${API}.CONSUMER.MSG.NEXT.${stream}.${durable}`,
  `$JS.ACK.${stream}.${durable}.>`,
];
const make = (stream: string) => [
  ...findStream(stream),
  `${API}.STREAM.CREATE.${stream}`,
  `${API}.STREAM.UPDATE.${stream}`,
];
const look = (stream: string) => [
  ...findStream(stream),
  `${API}.STREAM.MSG.GET.${stream}`,
  `${API}.CONSUMER.CREATE.${stream}.>`,
  `${API}.CONSUMER.INFO.${stream}.>`,
  `${API}.CONSUMER.MSG.NEXT.${stream}.>`,
  `${API}.CONSUMER.DELETE.${stream}.>`,
];
const redrive = (stream: string, letters: string, topic: string) => [
  ...look(stream),
  `$JS.ACK.${stream}.>`,
  letters,
  topic,
];

const LETTERS = 'STREAM_shop_orders_dlq';
// Those of the layout that follows end with its number.
const member = ['p0', 'p1', 'p0-1'].flatMap((partition) => [
  `${API}.CONSUMER.INFO.STREAM_shop_parts.billing-shop_parts-${partition}`,
  `${API}.CONSUMER.MSG.NEXT.STREAM_shop_parts.billing-shop_parts-${partition}`,
  `${API}.CONSUMER.UNPIN.STREAM_shop_parts.billing-shop_parts-${partition}`,
  `$JS.ACK.STREAM_shop_parts.billing-shop_parts-${partition}.>`,
]);
const share = [
  ...findStream('STREAM_shop_parts'),
  `${API}.CONSUMER.CREATE.STREAM_shop_parts.>`,
  `${API}.CONSUMER.DURABLE.CREATE.STREAM_shop_parts.*`,
  ...member,
  '_EBUS.members.>',
  // To go on with another number.
  `${API}.CONSUMER.DELETE.STREAM_shop_parts.*`,
  `${API}.STREAM.MSG.GET.STREAM_shop_parts`,
];
const PERMITTED: Readonly<Record<User, readonly string[]>> = {
  maker: [...['STREAM_shop_orders', LETTERS, 'STREAM_shop_parts'].flatMap(make), '_EBUS.layouts'],
  publisher: [
    'shop.orders',
    ...findStream('STREAM_shop_parts'),
    'shop.parts',
    'shop.parts.*',
    'shop.parts.*.*',
  ],
  worker: [...consume('STREAM_shop_orders', 'billing-shop_orders', 'shop.orders'), 'shop.orders.dlq'],
  operator: redrive(LETTERS, 'shop.orders.dlq', 'shop.orders'),
  first: share,
  second: share,
};
const MEMBER = ['_EBUS.members.>', '_EBUS.layouts'];
const MAY_HEAR: Partial<Record<User, string[]>> = {
  first: MEMBER,
  second: MEMBER,
  publisher: ['_EBUS.layouts'],
};

const user = (name: User) => {
  const heard = [`_INBOX_${name}.>`, ...(MAY_HEAR[name] ?? [])];
  return `{ user: ${name}, password: p, permissions: { publish: { allow: ${JSON.stringify(PERMITTED[name])} }, subscribe: { allow: ${JSON.stringify(heard)} } } }`;
};
const config = `accounts { A { jetstream: enabled, users: [
  { user: root, password: p }
  ${INBOXES.map(user).join('\n  ')}
] } }`;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe('each role of the guide has enough', () => {
  let server: Service;
  beforeAll(async () => {
    server = await startService('nats', { own: true, config });
    const { bus } = await aBus('maker');
    for (const [topic, partitions] of [
      ['shop.orders', 1],
      ['shop.orders.dlq', 1],
      ['shop.parts', 2],
    ] as const)
      await bus.topics.configure(topic, { retention: '1d', partitions });
  });
  afterAll(() => server.close());

  /** A bus, and what it was denied, as it tells. */
  async function aBus(username: User | 'root', common: object = {}) {
    const bus = cleanup.add(
      await natsBus(server.addresses, {
        service: 'billing',
        common,
        nats: {
          inboxPrefix: username === 'root' ? '_INBOX' : `_INBOX_${username}`,
          security: { enabled: true, username, password: 'p' },
          jetstream: { publishTimeout: '2s' },
        },
      }),
      (one) => one.close({ timeout: '1s' }),
    );
    const errors: string[] = [];
    bus.on('error', ({ error }) => {
      if ((error as { code?: string }).code === 'UNAUTHORIZED') errors.push(String(error));
    });
    return { bus, errors };
  }

  it('the deployment makes topics and changes them; it cannot publish to them', async () => {
    const { bus } = await aBus('maker');
    await bus.topics.configure('shop.orders', { retention: '2d' });
    expect(await bus.topics.describe('shop.orders')).toMatchObject({ retentionMs: 172_800_000 });
    await expect(bus.publishEnvelope('shop.orders', event('a', 1))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });

  it('the worker writes dead letters, and the operator looks at them and redrives them', async () => {
    const [publisher, worker, operator] = [
      await aBus('publisher'),
      await aBus('worker'),
      await aBus('operator'),
    ];
    const handled: number[] = [];
    const letter = new Promise((resolve) => void worker.bus.on('deadLettered', resolve));
    await worker.bus.subscribeEnvelope(
      'shop.orders',
      ({ eventVersion }) => {
        if (handled.push(eventVersion) === 1) throw new Error('no');
      },
      { maxRetries: 0 },
    );
    await publisher.bus.publishEnvelope('shop.orders', event('a', 1));
    await letter;
    expect(await operator.bus.deadLetters.list('shop.orders')).toHaveLength(1);
    expect(await operator.bus.deadLetters.redrive('shop.orders')).toMatchObject({ redriven: 1, failed: [] });
    await eventually(() => handled.length === 2);
    await worker.bus.idle();
    expect([...publisher.errors, ...worker.errors, ...operator.errors]).toEqual([]);
  });

  it('members share partitions, and go on with another number of them', async () => {
    const [{ bus: publisher }, { bus: maker }] = [await aBus('publisher'), await aBus('maker')];
    const members = [await aBus('first'), await aBus('second')];
    const own = members.map(({ bus }) => {
      const partitions = new Set<number>();
      bus.on('assigned', (told) => told.partitions.forEach((partition) => void partitions.add(partition)));
      bus.on('revoked', (told) => told.partitions.forEach((partition) => void partitions.delete(partition)));
      return partitions;
    });
    let handled = 0;
    for (const { bus } of members) await bus.subscribeEnvelope('shop.parts', () => void handled++);
    await eventually(() => own.every(({ size }) => size === 1), 'each has one');
    const publish = () =>
      Promise.all(
        Array.from({ length: 20 }, (_, i) => publisher.publishEnvelope('shop.parts', event(`order-${i}`, 1))),
      );
    await publish();
    await eventually(() => handled === 20);
    await maker.topics.configure('shop.parts', { partitions: 1 }, { allowPartitionDecrease: true });
    await eventually(() => own.reduce((sum, { size }) => sum + size, 0) === 1, 'there is one');
    await publish();
    await eventually(() => handled === 40);
    expect(members.flatMap(({ errors }) => errors)).toEqual([]);
    const plain = await plainClient(server.addresses, { user: 'root', pass: 'p' });
    const { state } = await plain.manager.streams.info('STREAM_shop_parts', { subjects_filter: '>' });
    await plain.connection.close();
    expect(Object.keys(state.subjects ?? {}).sort()).toEqual([
      'shop.parts.0',
      'shop.parts.0.1',
      'shop.parts.1',
    ]);
  });
});
