/** Names that settings have elsewhere: in the configurations of other libraries, and in options of methods. */

/** Each with its names here. In lower case, without dashes. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  acks: ['requiredAcks'],
  addresses: ['urls', 'brokers'],
  ackwaittime: ['ackWait'],
  bootstrapservers: ['brokers'],
  brokerlist: ['brokers'],
  concurrency: ['maxConcurrency', 'workerCount'],
  consumergroup: ['groupId', 'durableName'],
  credentials: ['credFile'],
  durable: ['durableName'],
  endpoints: ['urls', 'brokers'],
  group: ['groupId', 'durableName'],
  groupid: ['groupId', 'durableName'],
  hosts: ['urls', 'brokers'],
  maxage: ['retention'],
  maxretries: ['maxRetryAttempts'],
  name: ['serviceName'],
  partitionertype: ['partitioner'],
  pass: ['password'],
  poolsize: ['workerCount'],
  processingtimeout: ['processTimeout'],
  replicationfactor: ['replicas'],
  requiredmode: ['requiredPersistence'],
  retries: ['maxRetryAttempts', 'retryMax'],
  retrybackoff: ['retryBackoffBase'],
  server: ['urls', 'brokers'],
  servers: ['urls', 'brokers'],
  service: ['serviceName'],
  timeout: ['publishTimeout', 'processTimeout', 'connectTimeout'],
  transport: ['type'],
  url: ['urls'],
  user: ['username'],
  workers: ['workerCount'],
};

/** Names here of a key as other tools call it; an empty list for unknown keys. Case, `-` and `_` do not matter. */
export function otherNames(key: string): readonly string[] {
  const word = key.replace(/[-_]/g, '').toLowerCase();
  return Object.hasOwn(OTHER_NAMES, word) ? (OTHER_NAMES[word] as readonly string[]) : [];
}

/** Keys that are no settings, but are often looked for. */
const ROOT_REMEDIES: Readonly<Record<string, string>> = {
  plugins: 'is no part of the configuration: createEventBus(config, { plugins: [ … ] })',
  registry: 'is no part of the configuration: createEventBus(config, { registry })',
  logger: 'is no part of the configuration: createEventBus(config, { logger })',
  codec: 'is no part of the configuration: createEventBus(config, { codec })',
  logging:
    'is no part of the configuration: what is logged is decided by the logger, createEventBus(config, { logger })',
};

/** Sections of this project's plug-ins. */
const PACKAGES: Readonly<Record<string, string>> = {
  memory: '@ebus/memory',
  nats: '@ebus/nats',
  kafka: '@ebus/kafka',
  healthHttp: '@ebus/health-http',
};

/** For a key at the root of the configuration; undefined where it is unknown here as well. */
export function rootRemedy(key: string, plugins: readonly string[]): string | undefined {
  if (Object.hasOwn(ROOT_REMEDIES, key)) return ROOT_REMEDIES[key];
  if (!Object.hasOwn(PACKAGES, key)) return undefined;
  return (
    `is the section of ${PACKAGES[key]}, which is not registered: pass it in plugins, or take the section out ` +
    `(registered: ${plugins.length === 0 ? 'none' : plugins.join(', ')})`
  );
}
