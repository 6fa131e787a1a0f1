// Faults of the adapter within one process: what the suite notices without any broker.
import { inSuite, inUnit } from './selections.mjs';

const file = (name) => `packages/memory/src/${name}.ts`;

/** @type {readonly import('./index.mjs').Mutant[]} */
export const memoryMutants = [
  {
    name: 'memory: gives a key to two members at once',
    file: file('key-lanes'),
    find: 'return lane === undefined || lane.owner === member;',
    replace: 'return lane === undefined || member > 0;',
    killedBy: inSuite('consumer groups aggregates keep'),
  },
  {
    name: 'memory: gives newer messages before those that came back',
    file: file('deliveries'),
    find: '    if (!this.#fillFromReturned(batch, member)) return;\n    if (this.#lanes === undefined) this.#fillFromLog(batch, member);\n',
    replace:
      '    if (this.#lanes === undefined) this.#fillFromLog(batch, member);\n    if (!this.#fillFromReturned(batch, member)) return;\n    if (this.#lanes === undefined) return;\n',
    killedBy: inSuite('restart '),
  },
  {
    name: 'memory: forgets what a member had that leaves',
    file: file('consumer-group'),
    find: '    this.#deliveries.giveBackAll(number);\n',
    replace: '',
    killedBy: inSuite('restart '),
  },
  {
    name: 'memory: forgets a group without members',
    file: file('topic-log'),
    find: "group.members > 0 || (group.durable && this.persistence === 'persistent');",
    replace: 'group.members > 0;',
    killedBy: inSuite('restart '),
  },
  {
    name: 'memory: forgets messages that a group has not settled',
    file: file('topic-log'),
    find: '      needed = Math.min(needed, group.floor);\n',
    replace: '',
    killedBy: inSuite('(backpressure|ordered delivery|unordered delivery) '),
  },
  {
    name: 'memory: keeps everything whatever the limit says',
    file: file('topic-limits'),
    find: 'maxMessages > 0 && messages.end - start > maxMessages',
    replace: 'maxMessages < 0',
    killedBy: inSuite('topic settings beyond maxMessages'),
  },
  {
    name: 'memory: begins at the beginning where a time was given',
    file: file('topic-log'),
    find: ' (this.at(offset) as LogMessage).timestamp < from.getTime()) offset++;',
    replace: ' (this.at(offset) as LogMessage).timestamp < 0) offset++;',
    killedBy: inSuite('start positions '),
  },
  {
    name: 'memory: delivers more than there is room for',
    file: file('batch'),
    find: 'messages.length >= this.#limit || ',
    replace: '',
    killedBy: inSuite('backpressure '),
  },
  {
    name: 'memory: takes no notice of bytes',
    file: file('batch'),
    find: ' || message.size > this.#bytes',
    replace: '',
    killedBy: inSuite('backpressure the window is bounded in bytes'),
  },
  {
    name: "memory: keeps the caller's buffer",
    file: file('log-message'),
    find: 'const place = ownsValue ? undefined : copyTo(value);',
    replace: 'const place = undefined;',
    killedBy: inSuite('publishing the caller may reuse'),
  },
  {
    name: 'memory: delivers after it was stopped',
    file: file('subscription'),
    find: '    this.#stopped = true;\n    this.messages = 0;\n    this.#group.credited(this);\n',
    replace: '',
    killedBy: inUnit(file('subscription.test')),
  },
  {
    name: 'memory: counts as lag what nobody was given yet',
    file: file('subscription'),
    find: 'unsettledCount: lag, unreadCount: unread,',
    replace: 'unreadCount: lag, unreadCount: unread,',
    killedBy: inSuite('lag '),
  },
  {
    name: 'memory: says that what is unsettled is settled',
    file: file('subscription'),
    find: '        settled: position - 1,',
    replace: '        settled: position + 1_000_000,',
    killedBy: inSuite('idle '),
  },
  {
    name: 'memory: makes a topic anew that is there',
    file: file('topic-admin'),
    find: '      if (broker.find(topic) !== undefined) return false;\n',
    replace: '',
    killedBy: inSuite('topic settings '),
  },
  {
    name: 'memory: shows a group what it has settled',
    file: file('topic-log'),
    find: '    if (group !== undefined) return group.unsettled();\n',
    replace: '',
    killedBy: inSuite('redrive '),
  },
  {
    name: 'memory: counts no deliveries',
    file: file('log-message'),
    find: '    message.deliveryCount + 1,\n',
    replace: '    1,\n',
    killedBy: inSuite('restart where the broker counts'),
  },
];
