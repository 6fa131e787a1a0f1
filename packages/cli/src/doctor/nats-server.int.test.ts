/** The doctor on NATS servers that are wrong themselves, and with logins that lack a right: each is found, and nothing once it is mended. */

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Service, sharedService, startService } from '@ebus/services';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examined, expectFound, type Misconfiguration, serious } from '../testing/misconfigured.js';
import { managed } from '../testing/nats.js';

const TIMEOUT = 60_000;
const TOPIC = 'shop.orders';
const STREAM = 'SHOP';
const LOOK = ['$JS.API.STREAM.>', '$JS.API.CONSUMER.LIST.*', '$JS.API.INFO', '$SYS.REQ.USER.INFO'];
const DURABLE = `${STREAM}.billing-shop_orders`;
const BROWSE = ['CREATE', 'INFO', 'DELETE'].map((what) => `$JS.API.CONSUMER.${what}.${STREAM}.>`);
const CONSUME = [...BROWSE, `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.>`, `$JS.ACK.${STREAM}.>`];
const LETTERS = `${TOPIC}.dlq`;
const ALL = [...LOOK, ...CONSUME, TOPIC, LETTERS, '$JS.API.CONSUMER.>', '$JS.ACK.>'];

interface Login extends Misconfiguration {
  readonly user: string;
  /** What it may publish to; a user of another account, or none, has no list here. */
  readonly publish?: readonly string[];
  /** Default: the topic. */
  readonly about?: string;
}

const without = (...subjects: string[]) => ALL.filter((one) => !subjects.includes(one));
const lacks = (what: string) => new RegExp(`lacks, to consume 'shop.orders' in group 'billing': ${what}`);

const LOGINS: readonly Login[] = [
  {
    wrong: 'a login that may not publish',
    user: 'reader',
    publish: without(TOPIC),
    finding: ['publish-refused', 'warning', /may not publish to 'shop.orders'/, /publish to 'shop.orders'/],
  },
  {
    wrong: 'a login that may neither publish nor ask for its rights',
    user: 'shy',
    publish: without(TOPIC, '$SYS.REQ.USER.INFO'),
    finding: ['publish-refused', 'warning', /may not publish to 'shop.orders'/, /publish to 'shop.orders'/],
  },
  {
    wrong: 'a login that may not write dead letters',
    user: 'letterless',
    publish: without(LETTERS),
    finding: ['dead-letters-refused', 'warning', /may not publish to 'shop.orders.dlq'/, /grant it/],
  },
  {
    wrong: 'a login that may not acknowledge',
    user: 'forgetful',
    publish: without('$JS.ACK.>', `$JS.ACK.${STREAM}.>`),
    finding: ['consume-refused', 'error', lacks(`publish to \\$JS\\.ACK\\.${DURABLE}\\.>$`), /grant it/],
  },
  {
    wrong: 'a login that may not make the consumer, nor ask for messages',
    user: 'passive',
    publish: [...LOOK, TOPIC, LETTERS, '$JS.ACK.>', `$JS.API.CONSUMER.INFO.${STREAM}.>`],
    finding: [
      'consume-refused',
      'error',
      lacks(`publish to .*CREATE\\.${DURABLE}\\.shop\\.orders, publish to .*MSG\\.NEXT\\.${DURABLE}$`),
      /grant it/,
    ],
  },
  {
    wrong: 'a login that may not see the stream',
    user: 'writer',
    publish: [TOPIC],
    finding: ['refused', 'warning', /its settings cannot be read: .*permission/i, /give this login/],
  },
  {
    wrong: 'an account whose streams are used up',
    user: 'root',
    about: 'broker',
    finding: ['room', 'warning', /2 of 2 streams are used/, /raise the limit/],
  },
  {
    wrong: 'an account without JetStream',
    user: 'plain',
    about: 'broker',
    finding: ['keeps-nothing', 'error', /JetStream does not answer/, /turn JetStream on/],
  },
  {
    wrong: 'a server that takes small messages alone',
    user: 'root',
    about: 'broker',
    finding: ['payload-limit', 'warning', /at most .*\(max_payload\)/, /max_payload to 1MB/],
  },
  {
    wrong: 'a login that is wrong',
    user: 'nobody',
    about: 'connection',
    finding: ['login-refused', 'error', /refused the login/, /check user, password/],
  },
];

const NO_JETSTREAM: Misconfiguration = {
  wrong: 'no JetStream',
  finding: ['keeps-nothing', 'error', /JetStream does not answer/, /turn JetStream on/],
};

const permitted = ({ user, publish = [] }: Login) =>
  `{ user: ${user}, password: p, permissions: { publish: { allow: ${JSON.stringify(publish)} } } }`;
const users = LOGINS.filter(({ publish }) => publish !== undefined).map(permitted);
const LIMITS = 'max_streams: 2';
const PAYLOAD = 'max_payload: 10KB';

describe('on a NATS server the doctor finds', () => {
  let server: Service;
  const examine = (username: string, over: object = {}, now?: () => number) =>
    examined(
      {
        type: 'nats',
        serviceName: 'billing',
        connectTimeout: '30s',
        nats: { urls: server.addresses, security: { enabled: true, username, password: 'p' }, ...over },
        topics: { [TOPIC]: {} },
      },
      now === undefined ? {} : { now },
    );

  beforeAll(async () => {
    server = await startService('nats', {
      own: true,
      config: `${PAYLOAD}
        accounts { A { jetstream: { ${LIMITS} }, users: [
          { user: root, password: p }
          ${users.join('\n')}
        ] }, B { users: [{ user: plain, password: p }] } }`,
    });
    const root = { user: 'root', pass: 'p' };
    await managed(
      server.addresses,
      async ({ streams }) => {
        await streams.add({ name: STREAM, subjects: [TOPIC] });
        await streams.add({ name: 'LETTERS', subjects: [LETTERS] });
      },
      root,
    );
  }, TIMEOUT);
  afterAll(() => server.close());

  it.each(LOGINS)('$wrong', async (row) => {
    expectFound(await examine(row.user), row.about ?? TOPIC, row);
  });

  it('a clock that is wrong', async () => {
    expectFound(await examine('root', {}, () => Date.UTC(2020, 0)), 'clock', {
      wrong: '',
      finding: ['clock-skew', 'warning', /clock is \d+ s ahead of/, /NTP/],
    });
  });

  it('a server without JetStream, and says nothing where that is configured', async () => {
    await using core = await startService('nats', { own: true, jetstream: false });
    const { addresses: urls } = core;
    const config = { type: 'nats', serviceName: 'billing', nats: { urls } };
    expectFound(await examined({ ...config, topics: { [TOPIC]: {} } }), 'broker', NO_JETSTREAM);
    const enabled = { ...config, nats: { urls, jetstream: { enabled: false } } };
    expect(serious(await examined({ ...enabled, topics: { [TOPIC]: {} } }))).toEqual([]);
    const ephemeral = { [TOPIC]: { persistence: 'ephemeral' } };
    expect(serious(await examined({ ...config, topics: ephemeral }))).toEqual([]);
  });

  it('TLS to a server that has none', async () => {
    const urls = server.addresses.map((url) => url.replace('nats:', 'tls:'));
    const found = await examined({
      type: 'nats',
      serviceName: 'billing',
      connectTimeout: '2s',
      nats: { urls },
    });
    expectFound(found, 'connection', {
      wrong: 'TLS',
      finding: ['no-connection', 'error', /TLS/i, /check the addresses/],
    });
  });

  it('a server of a version without order among instances', async () => {
    const { addresses: urls } = await sharedService('nats', { version: '2.9' });
    const found = await examined({ type: 'nats', serviceName: 'billing', nats: { urls } });
    expectFound(found, 'broker', {
      wrong: 'an old version',
      finding: ['order-per-instance', 'warning', /^server 2\.9\.\d+ cannot/, /2\.11 or later/],
    });
    expect(serious(found)).toHaveLength(1);
  });

  it('no server at all', async () => {
    const nats = { urls: ['nats://127.0.0.1:1'] };
    const found = await examined({ type: 'nats', serviceName: 'billing', connectTimeout: '1s', nats });
    expectFound(found, 'connection', {
      wrong: 'a wrong address',
      finding: ['no-connection', 'error', /127\.0\.0\.1:1/, /check the addresses/],
    });
    expect(found).toHaveLength(1);
  });

  it(
    'nothing once it is mended',
    async () => {
      const file = join(server.folder as string, `${basename(server.folder as string)}-1`, 'nats.conf');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(LIMITS, 'max_streams: 100').replace(PAYLOAD, ''));
      await server.restart();
      expect(serious(await examine('root'))).toEqual([]);
      const { state } = await managed(server.addresses, ({ streams }) => streams.info(STREAM), {
        user: 'root',
        pass: 'p',
      });
      expect(state.last_seq).toBe(0);
    },
    TIMEOUT,
  );
});
