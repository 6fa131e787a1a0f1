// Faults of core that the simulation is for.
import { inKeptSeed, inSimulation, inUnit } from '../selections.mjs';

const core = (name) => `packages/core/src/${name}.ts`;

/** @type {readonly import('../index.mjs').Mutant[]} */
export const simulatedMutants = [
  {
    name: 'core: begins what it had read ahead of a partition that was taken away',
    file: core('consume/in-flight'),
    find: '      yield delivery;\n',
    replace: "      if (delivery.state !== 'buffered') yield delivery;\n",
    killedBy: inKeptSeed(72, 'log'),
  },
  {
    name: 'core: takes what a former holder settled for what is elsewhere',
    file: core('consume/recovery-step'),
    find: 'if (missing + doubtful <= 0 && knowsAll)',
    replace: 'if (missing <= 0 && knowsAll)',
    killedBy: inUnit(core('consume/order-recovery.test')),
  },
  {
    name: 'core: begins what is pushed before it knows what the connection that broke has lost',
    file: core('consume/order-recovery'),
    find: '    this.#isAway = true;\n    this.#hold();\n',
    replace: '',
    killedBy: inUnit(core('consume/order-recovery.test')),
  },
  {
    name: 'core: asks what is unsettled while the connection is away, and not again',
    file: core('consume/order-recovery'),
    find: '    if (!this.#isAway) void this',
    replace: '    void this',
    killedBy: inUnit(core('consume/order-recovery.test')),
  },
  {
    name: 'core: does not ask what is unsettled where the driver says nothing after an interruption',
    file: core('consume/order-recovery'),
    find: '    this.#isAway = false;\n    this.resumed();\n',
    replace: '    this.#isAway = false;\n',
    killedBy: inUnit(core('consume/order-recovery.test')),
  },
  {
    name: 'core: takes in whatever comes while older messages are waited for',
    file: core('consume/window'),
    find: 'return Math.min(missing, Math.max(window + missing, returned + 1) - count);',
    replace: 'return missing + 0 * (window + count + returned);',
    killedBy: inKeptSeed(26, 'lease'),
  },
  {
    name: 'core: has no room for the rest where more than a window of missing messages have come',
    file: core('consume/window'),
    find: 'Math.max(window + missing, returned + 1)',
    replace: 'Math.max(window + missing, returned && 1)',
    killedBy: inUnit(core('consume/order-recovery.test')),
  },
  {
    name: 'core: begins on a third way before the first has ended',
    file: core('consume/bus-subscription'),
    find: '    await before;\n',
    replace: '',
    killedBy: inKeptSeed(405, 'lease'),
  },
  {
    name: 'core: forgets what was changed of a subscription whose topic is moved',
    file: core('consume/bus-subscription'),
    find: '      consumer.adjust(this.#changes);\n',
    replace: '',
    killedBy: inUnit(core('consume/move-topic.test')),
  },
  {
    name: 'core: begins on the new way of a topic while the old one holds something',
    file: core('consume/consumer'),
    find: '      await draining.promise;\n      while',
    replace: '      draining.resolve();\n      while',
    killedBy: inSimulation('lease'),
  },
  {
    name: 'core: sends a batch although the connection broke within its turn',
    file: core('publish/sender'),
    find: '!this.#connection.isOpen || ',
    replace: '',
    killedBy: inKeptSeed(419, 'lease'),
  },
  {
    name: 'core: writes a batch in another order',
    file: core('publish/sender'),
    find: 'this.#driver.sendBatch?.(jobs);',
    replace: 'this.#driver.sendBatch?.([...jobs].reverse());',
    killedBy: inSimulation('log'),
  },
  {
    name: 'core: runs one unordered handler more than concurrency says',
    file: core('consume/dispatcher'),
    find: '    while (this.#running < this.#concurrency) {',
    replace: '    while (this.#running <= this.#concurrency) {',
    killedBy: inSimulation('log'),
  },
  {
    name: 'core: does not look whether a topic is there',
    file: core('topics/topic-use'),
    find: 'if (admin?.ensure === undefined || this.#there.get(topic)?.has(use) === true) return undefined;',
    replace: "if (admin?.ensure === undefined || topic !== '') return undefined;",
    killedBy: inSimulation('lease'),
  },
  {
    name: 'core: writes a tombstone as an empty letter',
    file: core('publish/letters'),
    find: 'job.tombstone = letter.tombstone;',
    replace: 'job.tombstone = false;',
    killedBy: inSimulation('log'),
  },
  {
    name: 'core: loses the headers of what it redrives',
    file: core('dead-letters/redrive'),
    find: '[...withoutDeadLetterHeaders(incoming.headers)]',
    replace: '[...withoutDeadLetterHeaders([])]',
    killedBy: inSimulation('log'),
  },
  {
    name: 'core: settles a dead letter whose redrive failed',
    file: core('dead-letters/redrive'),
    find: "const problem = verdict === 'goes' ? undefined : await this.#append(incoming);",
    replace: "const problem = verdict === 'goes' ? undefined : await Promise.resolve();",
    killedBy: inKeptSeed(141, 'log'),
  },
];
