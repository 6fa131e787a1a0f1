// Every deliberate fault there is.
import { adapterMutants } from './adapter.mjs';
import { brokerMutants } from './brokers.mjs';
import { coreMutants } from './core.mjs';

/** @type {readonly import('./index.mjs').Mutant[]} */
export const mutants = [...adapterMutants, ...brokerMutants, ...coreMutants];
