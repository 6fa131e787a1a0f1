/** The doctor on a Kafka broker that is wrong itself, and with logins that lack a right: each is found, and nothing once it is mended. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, startService } from '@ebus/services';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { managed } from '../testing/kafka.js';
import { examined, expectFound, type Misconfiguration, serious } from '../testing/misconfigured.js';

const TIMEOUT = 180_000;
const TOPIC = 'shop.orders';
const LETTERS = `${TOPIC}.dlq`;
const GROUP = 'billing';

type Right = readonly ['topic' | 'letters' | 'group' | 'cluster', keyof typeof kafkajs.AclOperationTypes];
const ALL: readonly Right[] = [
  ...(['DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'] as const).map((may) => ['topic', may] as const),
  ...(['DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'] as const).map((may) => ['letters', may] as const),
  ['group', 'READ'],
  ['cluster', 'DESCRIBE'],
  ['cluster', 'DESCRIBE_CONFIGS'],
];
const without = (...refused: Right[]) =>
  ALL.filter((right) => !refused.some(([of, may]) => right[0] === of && right[1] === may));

interface Login extends Misconfiguration {
  readonly user: string;
  readonly rights?: readonly Right[];
  /** Default: the topic. */
  readonly about?: string;
}

const lacks = (what: string) => new RegExp(`lacks, to consume '${TOPIC}' in group '${GROUP}': ${what}$`);

const LOGINS: readonly Login[] = [
  {
    wrong: 'a login that may not publish',
    user: 'reader',
    rights: without(['topic', 'WRITE']),
    finding: [
      'publish-refused',
      'warning',
      /may not publish to 'shop.orders'/,
      /WRITE and DESCRIBE on Kafka/,
    ],
  },
  {
    wrong: 'a login that may not write dead letters',
    user: 'letterless',
    rights: without(['letters', 'WRITE']),
    finding: ['dead-letters-refused', 'warning', /may not publish to 'shop.orders.dlq'/, /grant it: WRITE/],
  },
  {
    wrong: 'a login that may not read the topic',
    user: 'blind',
    rights: without(['topic', 'READ']),
    finding: ['consume-refused', 'error', lacks("READ on topic 'shop.orders'"), /grant it/],
  },
  {
    wrong: 'a login that may not use the group',
    user: 'alone',
    rights: without(['group', 'READ']),
    finding: ['consume-refused', 'error', lacks("READ on group 'billing'"), /grant it/],
  },
  {
    wrong: 'a login that may not see the topic',
    user: 'stranger',
    rights: [['cluster', 'DESCRIBE']],
    finding: ['refused', 'warning', /cannot be read: .*authoriz/i, /give this login/],
  },
  {
    wrong: 'a login that may not see settings',
    user: 'unset',
    rights: without(['topic', 'DESCRIBE_CONFIGS']),
    finding: ['refused', 'warning', /its settings cannot be read: .*authoriz/i, /give this login/],
  },
  {
    wrong: 'positions that are kept for an hour',
    user: 'full',
    about: 'broker',
    finding: ['positions-expire', 'warning', /offsets\.retention\.minutes is 60 \(1h\)/, /minutes=10080/],
  },
  {
    wrong: 'topics that are made by mistake',
    user: 'full',
    about: 'broker',
    finding: ['makes-topics', 'info', /auto\.create\.topics\.enable is true/, /enable=false/],
  },
  {
    wrong: 'a session timeout that the broker refuses',
    user: 'full',
    about: 'groups',
    finding: ['session-refused', 'error', /sessionTimeout is 30s; .* 1s to 20s/, /group\.max\.session/],
  },
  {
    wrong: 'a login that is wrong',
    user: 'nobody',
    about: 'connection',
    finding: ['login-refused', 'error', /auth/i, /check user, password/],
  },
];

const SETTINGS = `auto.create.topics.enable=true
offsets.retention.minutes=60
group.max.session.timeout.ms=20000
`;

describe('on a Kafka broker the doctor finds', () => {
  let server: Service;
  /** A listener without logins, where everything is permitted. */
  let internal: string;
  const login = (username: string) => ({
    security: { enabled: true, protocol: 'SASL_PLAINTEXT', mechanism: 'PLAIN', username, password: 'right' },
  });
  const examine = (username: string, over: object = {}, connectTimeout = '30s') =>
    examined({
      type: 'kafka',
      serviceName: GROUP,
      connectTimeout,
      kafka: { brokers: server.addresses, ...login(username), ...over },
      topics: { [TOPIC]: {} },
    });
  const topicsThere = () => managed([internal], async (admin) => (await admin.listTopics()).sort());

  beforeAll(async () => {
    const users = [...new Set(LOGINS.map(({ user }) => user))].filter((user) => user !== 'nobody');
    server = await startService('kafka', {
      own: true,
      protocol: 'SASL_PLAINTEXT',
      config: [
        'sasl.enabled.mechanisms=PLAIN',
        'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ' +
          `${users.map((user) => `user_${user}="right"`).join(' ')};`,
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users=User:ANONYMOUS;User:full',
        SETTINGS,
      ].join('\n'),
    });
    const text = await readFile(propertiesOf(server), 'utf8');
    [, internal = ''] = /^advertised\.listeners=.*INTERNAL:\/\/([\d.]+:\d+)/m.exec(text) ?? [];
    await permit(internal);
  }, TIMEOUT);
  afterAll(() => server.close());

  it(
    'nothing to make, and leaves no topic on a broker that never had a group',
    async () => {
      expect(await topicsThere()).toEqual([TOPIC, LETTERS]);
      await examine('full');
      expect(await topicsThere()).toEqual([TOPIC, LETTERS]);
      // From now on Kafka has the topic for positions: it makes it when it is asked for a group the first time.
      const asked = () =>
        managed([internal], (admin) => admin.fetchOffsets({ groupId: GROUP, topics: [TOPIC] }));
      const settled = () => asked().then(topicsThere, () => []);
      await expect.poll(settled, { timeout: 30_000 }).toContain('__consumer_offsets');
    },
    TIMEOUT,
  );

  it.each(LOGINS)('$wrong', async (row) => {
    expectFound(await examine(row.user), row.about ?? TOPIC, row);
  });

  it('TLS to a listener that has none', async () => {
    const security = { enabled: true, protocol: 'SSL' };
    const found = await examine('full', { security }, '3s');
    expectFound(found, 'connection', {
      wrong: 'TLS',
      finding: ['no-connection', 'error', /SSL/, /TLS on both sides/],
    });
  });

  it(
    'nothing once it is mended',
    async () => {
      const text = await readFile(propertiesOf(server), 'utf8');
      await writeFile(propertiesOf(server), text.replace(SETTINGS, ''));
      await server.restart();
      expect(serious(await examine('full'))).toEqual([]);
      expect(await topicsThere()).toEqual(['__consumer_offsets', TOPIC, LETTERS]);
      const ends = await managed([internal], (admin) => admin.fetchTopicOffsets(TOPIC));
      expect(ends).toMatchObject([{ offset: '0' }]);
    },
    TIMEOUT,
  );
});

function propertiesOf({ folder = '' }: Service): string {
  return join(folder, 'kafka-1', 'server.properties');
}

const permit = (address: string) =>
  managed([address], async (admin) => {
    const topics = [TOPIC, LETTERS].map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 }));
    await admin.createTopics({ topics, waitForLeaders: true });
    const { TOPIC: topic, GROUP: group, CLUSTER: cluster } = kafkajs.AclResourceTypes;
    const resources = {
      topic: { resourceType: topic, resourceName: TOPIC },
      letters: { resourceType: topic, resourceName: LETTERS },
      group: { resourceType: group, resourceName: GROUP },
      cluster: { resourceType: cluster, resourceName: 'kafka-cluster' },
    };
    const acl = LOGINS.flatMap(({ user, rights = [] }) =>
      rights.map(([of, may]) => ({
        ...resources[of],
        principal: `User:${user}`,
        operation: kafkajs.AclOperationTypes[may],
        host: '*',
        permissionType: kafkajs.AclPermissionTypes.ALLOW,
        resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
      })),
    );
    await admin.createAcls({ acl });
  });
