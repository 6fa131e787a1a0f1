// Faults of adapters.
/** @type {readonly import('./index.mjs').Mutant[]} */
export const adapterMutants = [
  {
    name: 'memory: hands batches over backwards',
    file: 'packages/memory/src/subscription.ts',
    find: 'this.#sink.push(batch as readonly IncomingMessage[]);',
    replace: 'this.#sink.push([...batch].reverse() as readonly IncomingMessage[]);',
    killedBy: {
      file: 'packages/memory/src/memory.conformance.test.ts',
      project: 'unit',
      title: 'topics\\) restart',
    },
  },
];
