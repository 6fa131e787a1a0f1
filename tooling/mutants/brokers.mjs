// Faults of what only Kafka and NATS have: null, and two ways of one topic.
import { inKafka, inNats } from './selections.mjs';

/** @type {readonly import('./index.mjs').Mutant[]} */
export const brokerMutants = [
  {
    name: 'kafka: takes null for no bytes',
    file: 'packages/kafka/src/group/partition.ts',
    find: '    this.tombstone = message.value === null;\n',
    replace: '    this.tombstone = false;\n',
    killedBy: inKafka('tombstones '),
  },
  {
    name: 'kafka: writes null as no bytes',
    file: 'packages/kafka/src/lane.ts',
    find: 'tombstone === true ? null : toClientValue(value),',
    replace: 'tombstone === null ? null : toClientValue(value),',
    killedBy: inKafka('tombstones '),
  },
  {
    name: 'nats: drops what waits when its topic is moved',
    file: 'packages/nats/src/core-subscription.ts',
    find: 'if (this.#ending && !this.#stopped && this.#buffer.length === 0) {',
    replace: 'if (this.#ending && !this.#stopped) {\n      this.#buffer.clear();',
    killedBy: inNats('topics what waits for a handler', 'ephemeral'),
  },
  {
    name: 'nats: never says that a moved topic has ended',
    file: 'packages/nats/src/core-subscription.ts',
    find: '    this.#ending = true;\n',
    replace: '',
    killedBy: inNats('topics what waits for a handler', 'ephemeral'),
  },
];
