// Faults of adapters.
/** @type {readonly import('./index.mjs').Mutant[]} */
export const adapterMutants = [
  {
    name: 'memory: hands batches over backwards',
    file: 'packages/memory/src/subscription.ts',
    find: 'if (batch !== undefined) return batch;',
    replace: 'if (batch !== undefined) return [...batch].reverse();',
    killedBy: {
      file: 'packages/memory/src/memory.conformance.test.ts',
      project: 'unit',
      title: 'topics\\) ordered delivery',
    },
  },
];
