// Every deliberate fault there is.
import { adapterMutants } from './adapter.mjs';
import { brokerMutants } from './brokers.mjs';
import { coreMutants } from './core.mjs';
import { memoryMutants } from './memory.mjs';
import { partitionMutants } from './partitions.mjs';

/** @type {readonly import('./index.mjs').Mutant[]} */
export const mutants = [
  ...adapterMutants,
  ...memoryMutants,
  ...brokerMutants,
  ...partitionMutants,
  ...coreMutants,
];
