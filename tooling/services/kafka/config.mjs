// The server.properties of one broker, which is a controller of the cluster as well. Pure: no I/O.

/** Small and quick to start: the defaults are made for servers with disks of terabytes. */
const small = {
  'auto.create.topics.enable': false,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  'log.index.size.max.bytes': 1024 * 1024,
  'log.segment.bytes': 16 * 1024 * 1024,
  'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
  'num.io.threads': 2,
  'num.network.threads': 2,
  'num.recovery.threads.per.data.dir': 1,
  'offsets.topic.num.partitions': 4,
  'offsets.topic.segment.bytes': 1024 * 1024,
  'transaction.state.log.num.partitions': 2,
  'transaction.state.log.segment.bytes': 1024 * 1024,
  'controlled.shutdown.enable': true,
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 3_000,
  // A heartbeat that a controller swallows while it starts is repeated then; until there is one the broker is fenced.
  'controller.socket.timeout.ms': 2_000,
};

/**
 * @param {object} o
 * @param {number} o.id of the node, from 1
 * @param {string} o.bind the address to listen on
 * @param {{ client: number, internal: number, controller: number }} o.ports
 * @param {string} o.host by which the other nodes reach this one
 * @param {readonly string[]} o.voters `id@host:port` of every controller
 * @param {string} o.data folder for the log
 * @param {string} o.protocol of the listener for clients
 * @param {string} [o.advertised] where clients are told to connect to, if it is not that listener itself
 * @param {string} o.config lines added at the end, where they override these
 */
export function kafkaConfig({ id, bind, ports, host, voters, data, protocol, advertised, config }) {
  const replicas = Math.min(voters.length, 3);
  const inSync = Math.min(replicas, 2);
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    listeners: [
      `CLIENT://${bind}:${ports.client}`,
      `INTERNAL://${bind}:${ports.internal}`,
      `CONTROLLER://${bind}:${ports.controller}`,
    ],
    'advertised.listeners': [
      `CLIENT://${advertised ?? `127.0.0.1:${ports.client}`}`,
      `INTERNAL://${host}:${ports.internal}`,
    ],
    'listener.security.protocol.map': [`CLIENT:${protocol}`, 'INTERNAL:PLAINTEXT', 'CONTROLLER:PLAINTEXT'],
    'log.dirs': data,
    ...small,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'min.insync.replicas': inSync,
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  return `${[...lines, config].join('\n').trimEnd()}\n`;
}
