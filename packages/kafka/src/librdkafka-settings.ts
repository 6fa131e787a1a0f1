/** The settings of librdkafka that `kafka.librdkafka` may hold: none that loads code, runs a command or breaks a promise. */
import { z } from '@ebus/core/driver';

/** Settings by librdkafka's names, such as `{ 'socket.timeout.ms': 5000 }`. */
export type LibrdkafkaSettings = Readonly<Record<string, string | number | boolean>>;

/** Sizes, times, network, cryptographic preferences, statistics, debugging. Other settings are refused, new ones too. */
const ALLOWED: ReadonlySet<string> = new Set(
  `api.version.fallback.ms api.version.request api.version.request.timeout.ms
  batch.num.messages batch.size broker.address.family broker.address.ttl broker.version.fallback check.crcs
  client.dns.lookup client.rack connections.max.idle.ms debug delivery.timeout.ms enable.gapless.guarantee
  enable.random.seed fetch.error.backoff.ms fetch.max.bytes fetch.message.max.bytes fetch.min.bytes
  fetch.queue.backoff.ms fetch.wait.max.ms heartbeat.interval.ms isolation.level linger.ms log_level
  log.connection.close max.partition.fetch.bytes max.poll.interval.ms message.copy.max.bytes message.max.bytes
  message.send.max.retries message.timeout.ms metadata.max.age.ms metadata.recovery.rebootstrap.trigger.ms
  metadata.recovery.strategy queue.buffering.backpressure.threshold queue.buffering.max.kbytes
  queue.buffering.max.messages queue.buffering.max.ms queued.max.messages.kbytes queued.min.messages
  receive.message.max.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms retries
  retry.backoff.max.ms retry.backoff.ms session.timeout.ms socket.blocking.max.ms
  socket.connection.setup.timeout.ms socket.keepalive.enable socket.max.fails socket.nagle.disable
  socket.receive.buffer.bytes socket.send.buffer.bytes socket.timeout.ms ssl.cipher.suites ssl.curves.list
  ssl.sigalgs.list statistics.interval.ms sticky.partitioning.linger.ms topic.metadata.propagation.max.ms
  topic.metadata.refresh.fast.interval.ms topic.metadata.refresh.interval.ms topic.metadata.refresh.sparse`.split(
    /\s+/,
  ),
);

/** Remedies for the refused settings that are asked for most. */
const INSTEAD: Readonly<Record<string, string>> = {
  acks: 'use kafka.producer.requiredAcks',
  'request.required.acks': 'use kafka.producer.requiredAcks',
  'allow.auto.create.topics': 'topics are created by configuration only',
  'auto.offset.reset': 'use kafka.consumer.autoOffsetReset',
  'bootstrap.servers': 'use kafka.brokers',
  'metadata.broker.list': 'use kafka.brokers',
  'client.id': 'use kafka.clientId',
  'delivery.report.only.error': 'receipts come from delivery reports',
  'enable.auto.commit': 'only what was handled is committed',
  'enable.auto.offset.store': 'only what was handled is committed',
  'auto.commit.interval.ms': 'what was handled is committed every second',
  'enable.idempotence': 'it follows kafka.producer.requiredAcks',
  'group.id': 'use kafka.consumer.groupId, or the group of a subscription',
  'group.instance.id': 'members leave in order when they close',
  'group.protocol': 'rebalancing is the classic protocol',
  'max.in.flight': 'it keeps the order of what is sent',
  'max.in.flight.requests.per.connection': 'it keeps the order of what is sent',
  'partition.assignment.strategy': 'rebalancing is cooperative',
  partitioner: 'use kafka.producer.partitioner',
  'compression.codec': 'use the compression of the topic',
  'compression.type': 'use the compression of the topic',
  'transactional.id': 'ebus does not use transactions',
  'enable.ssl.certificate.verification': 'use kafka.security.skipVerify, which holds for both clients',
  'ssl.endpoint.identification.algorithm': 'use kafka.security.skipVerify, which holds for both clients',
  'ssl.key.password': 'use kafka.security.keyPassword, which holds for both clients',
  'plugin.library.paths': 'a configuration file must not load code',
};

/** @returns why a setting cannot be given, or undefined where it can */
export function whyRefused(key: string): string | undefined {
  if (ALLOWED.has(key)) return undefined;
  if (INSTEAD[key] !== undefined) return INSTEAD[key];
  if (/_cb$/.test(key)) return 'callbacks are the adapter’s';
  if (/^(security|sasl|ssl)\./.test(key)) return 'use kafka.security';
  return 'it is not among the settings of librdkafka that may be given here (sizes, times, network, statistics)';
}

/** Validates `kafka.librdkafka`: each key must be on the list of allowed settings. */
export const librdkafka = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((value, context) => {
    for (const key of Object.keys(value)) {
      const why = whyRefused(key);
      if (why !== undefined) {
        context.addIssue({ code: 'custom', path: [key], message: `cannot be overridden: ${why}` });
      }
    }
  })
  .default({})
  .describe(
    "librdkafka's own settings, applied last: sizes, times, network, statistics; all others are refused.",
  );
