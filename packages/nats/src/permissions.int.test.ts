/** What a login needs for what it does, and nothing more; and who is told where it lacks something. */
import { startService } from '@ebus/services';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup, event, eventually, natsBus, plainClient } from './testing/harness.js';

const API = '$JS.API';
const DURABLE = 'billing-shop_orders';
/** As the README lists them. */
const PUBLISH = ['shop.orders'];
const CONSUME = [
  `${API}.STREAM.NAMES`,
  `${API}.STREAM.INFO.SHOP`,
  `${API}.CONSUMER.INFO.SHOP.${DURABLE}`,
  `${API}.CONSUMER.CREATE.SHOP.${DURABLE}.shop.orders`,
  `${API}.CONSUMER.MSG.NEXT.SHOP.${DURABLE}`,
  `$JS.ACK.SHOP.${DURABLE}.>`,
];

const user = (name: string, publish: readonly string[], inbox = `_INBOX_${name}.>`) =>
  `{ user: ${name}, password: p, permissions: { publish: { allow: ${JSON.stringify(publish)} }, subscribe: { allow: ["${inbox}"] } } }`;
const without = (part: string) => CONSUME.filter((subject) => !subject.includes(part));
const config = `accounts { A { jetstream: enabled, users: [
  { user: root, password: p }
  ${user('publisher', PUBLISH)}
  ${user('consumer', CONSUME)}
  ${user('nopull', without('MSG.NEXT'))}
  ${user('noack', without('$JS.ACK'))}
  ${user('noinbox', CONSUME, 'other.>')}
  ${user('nopublish', ['shop.refunds'])}
] } }`;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

describe.each(['current', '2.9'])('on a %s server', (version) => {
  let server: Awaited<ReturnType<typeof startService<'nats'>>>;
  beforeAll(async () => {
    server = await startService('nats', { own: true, version, config });
    const { connection, manager } = await plainClient(server.addresses, { user: 'root', pass: 'p' });
    await manager.streams.add({ name: 'SHOP', subjects: ['shop.>'] });
    await connection.close();
  });
  afterAll(() => server.close());

  async function aBus(username: string, logger?: Parameters<typeof natsBus>[1]) {
    return cleanup.add(
      await natsBus(server.addresses, {
        service: 'billing',
        nats: {
          inboxPrefix: `_INBOX_${username}`,
          security: { enabled: true, username, password: 'p' },
          jetstream: { publishTimeout: '2s' },
        },
        ...logger,
      }),
      (bus) => bus.close({ timeout: '1s' }),
    );
  }

  /** Codes of the errors that the bus tells of. */
  function told(bus: Awaited<ReturnType<typeof aBus>>): string[] {
    const codes: string[] = [];
    bus.on('error', ({ error }) => void codes.push((error as { code?: string }).code ?? String(error)));
    return codes;
  }

  it('a publisher needs its subjects and its inbox; a consumer its stream, its consumer and its inbox', async () => {
    const [publisher, consumer] = [await aBus('publisher'), await aBus('consumer')];
    const handled: number[] = [];
    await consumer.subscribeEnvelope<{ sequence: number }>(
      'shop.orders',
      ({ payload }) => void handled.push(payload.sequence),
    );
    for (const sequence of [1, 2, 3]) await publisher.publishEnvelope('shop.orders', event('a', sequence));
    await eventually(() => handled.length === 3);
    expect(handled).toEqual([1, 2, 3]);
    await consumer.idle();
  });

  it.each(['nopull', 'noack'])('%s: the subscription is told', async (username) => {
    const root = await aBus('root');
    await root.publishEnvelope('shop.orders', event('a', 1));
    const bus = await aBus(username);
    const codes = told(bus);
    await bus.subscribeEnvelope('shop.orders', () => {});
    await eventually(() => codes.includes('UNAUTHORIZED'));
  });

  it('without its inbox: subscribing says so, and so does publishing', async () => {
    const bus = await aBus('noinbox');
    await expect(bus.subscribeEnvelope('shop.orders', () => {})).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });

  it('without the subject: publishing says so', async () => {
    const bus = await aBus('nopublish');
    await expect(bus.publishEnvelope('shop.orders', event('a', 1))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining("'shop.orders'"),
    });
  });
});
