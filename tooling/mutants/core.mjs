// Faults of core.

/** @type {readonly import('./index.mjs').Mutant[]} */
export const coreMutants = [];
