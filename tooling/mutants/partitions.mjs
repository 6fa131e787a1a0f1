// Faults of partitions on JetStream: who reads one, who is there, what moves, and when another layout is read.
import { inUnit } from './selections.mjs';

const partitions = (name) => `packages/nats/src/partitions/${name}.ts`;

/** @type {readonly import('./index.mjs').Mutant[]} */
export const partitionMutants = [
  {
    name: 'nats: tells core that a partition is its own while another member has it',
    file: partitions('slot'),
    find: "    if (step === 'wait') return;\n",
    replace: '',
    killedBy: inUnit(partitions('slot.test'), 'is waited for while another'),
  },
  {
    name: 'nats: takes a partition from a member that is there',
    file: partitions('pin-step'),
    find: "return isAssigned ? 'let go' : 'wait';",
    replace: "return isAssigned ? 'let go' : 'unpin';",
    killedBy: inUnit(partitions('slot.test'), 'is waited for while another'),
  },
  {
    name: 'nats: has the next member served before handlers of a partition have returned',
    file: partitions('slot'),
    find: 'if (this.#isAssigned) await sink.revoked(',
    replace: 'if (this.#isAssigned) void sink.revoked(',
    killedBy: inUnit(partitions('slot.test'), 'is drained before'),
  },
  {
    name: 'nats: asks for messages of a partition that it gives away',
    file: partitions('slot'),
    find: '    await this.stop();\n    if (this.#isAssigned)',
    replace: '    if (this.#isAssigned)',
    killedBy: inUnit(partitions('slot.test'), 'is drained before'),
  },
  {
    name: 'nats: keeps a partition that another member has got',
    file: partitions('slot'),
    find: "if (step === 'let go') return onLost();",
    replace: "if (step === 'let go') return;",
    killedBy: inUnit(partitions('slot.test'), 'that another client has got'),
  },
  {
    name: 'nats: leaves the partitions of a dead member unread',
    file: partitions('pin-step'),
    find: "unclaimedMs >= ORPHAN_MS ? 'unpin' : 'wait'",
    replace: "unclaimedMs < 0 ? 'unpin' : 'wait'",
    killedBy: inUnit(partitions('slot.test'), 'of a member that is gone'),
  },
  {
    name: 'nats: takes a pin that members have not told of yet for that of a dead one',
    file: partitions('pin-step'),
    find: "unclaimedMs >= ORPHAN_MS ? 'unpin' : 'wait'",
    replace: "'unpin'",
    killedBy: inUnit(partitions('slot.test'), 'of a member that is gone'),
  },
  {
    name: 'nats: takes a member for there although it says nothing any more',
    file: partitions('members'),
    find: 'Math.max(heardAt, this.#awakeSince) < GONE_MS) continue;',
    replace: 'Math.max(heardAt, this.#awakeSince) < GONE_MS || heardAt > 0) continue;',
    killedBy: inUnit(partitions('members.test'), 'silent for three seconds'),
  },
  {
    name: 'nats: takes the other members for gone after it slept itself',
    file: partitions('members'),
    find: '    if (now - this.#tickedAt > GONE_MS) {',
    replace: '    if (now < 0) {',
    killedBy: inUnit(partitions('members.test'), 'a member that slept'),
  },
  {
    name: 'nats: leaves without a word',
    file: partitions('members'),
    find: '    this.#say({ leaves: true });\n',
    replace: '',
    killedBy: inUnit(partitions('members.test'), 'know of each other at once'),
  },
  {
    name: 'nats: shares all partitions anew at every change',
    file: partitions('assignment'),
    find: 'for (const partition of [...claimed].sort(ascending)) {',
    replace: 'for (const partition of claimed.slice(claimed.length)) {',
    killedBy: inUnit(partitions('assignment.test')),
  },
  {
    name: 'nats: gives one member two partitions more than another',
    file: partitions('assignment'),
    find: 'index < more ? least + 1 : least',
    replace: 'index < more ? least + 2 : least',
    killedBy: inUnit(partitions('assignment.test')),
  },
  {
    name: 'nats: reads other partitions before the group has settled the former ones',
    file: partitions('following'),
    find: 'if (!(await generations.hasDrained(this.#layout, found.config.name))) {',
    replace: 'if ((await generations.hasDrained(this.#layout, found.config.name)) === undefined) {',
    killedBy: inUnit(partitions('following.test'), 'reads the former ones'),
  },
  {
    name: 'nats: does not wait for records that were on their way when the partitions changed',
    file: partitions('following'),
    find: '    if (clock.monotonic() - this.#drainedSince < QUIET_MS) return DRAIN_LOOK_MS;\n',
    replace: '',
    killedBy: inUnit(partitions('following.test'), 'reads the former ones'),
  },
  {
    name: 'nats: takes partitions for settled while messages of them are handled',
    file: partitions('lanes'),
    find: 'unread === 0 && unsettled === 0 && ',
    replace: 'unread === 0 && unsettled >= 0 && ',
    killedBy: inUnit(partitions('generations.test'), 'is drained once'),
  },
  {
    name: 'nats: deletes the consumers of a group before the next are there',
    file: partitions('generations'),
    find: "    await makeLanes(consumers, this.lanes(next, stream, 'earliest'));\n    for (const { consumer } of this.lanes(layout, stream)) await consumers.delete(consumer);\n",
    replace:
      "    for (const { consumer } of this.lanes(layout, stream)) await consumers.delete(consumer);\n    await makeLanes(consumers, this.lanes(next, stream, 'earliest'));\n",
    killedBy: inUnit(partitions('generations.test'), 'makes way for the next'),
  },
  {
    name: 'nats: handles in all partitions what was published to the topic itself',
    file: partitions('subscription'),
    find: 'return partitionOf(rawKey(delivery), layout.partitions) === partition ||',
    replace: 'return partitionOf(rawKey(delivery), layout.partitions) >= 0 ||',
    killedBy: inUnit(partitions('subscription.test'), 'what is published to the topic itself'),
  },
  {
    name: 'nats: lets one partition use up the room of the others',
    file: partitions('share-credit'),
    find: 'Math.max(1, Math.floor(window / Math.max(count, standings.length)))',
    replace: 'Math.max(1, window)',
    killedBy: inUnit(partitions('share-credit.test'), 'a full partition'),
  },
  {
    name: 'nats: puts aggregates into other partitions than Kafka',
    file: partitions('partition-of'),
    find: 'Math.abs(fnv1a32(key) | 0) % partitions',
    replace: 'fnv1a32(key) % partitions',
    killedBy: inUnit(partitions('partition-of.test')),
  },
];
